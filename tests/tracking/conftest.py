"""A project of its own for each test that runs commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tracking import toy_project


@pytest.fixture
def project(tmp_path: Path) -> toy_project.Project:
    """A tiny pipeline of two stages and `track`, committed, not run yet."""
    return toy_project.make(tmp_path / "project")

"""A small project for the tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report import small_project


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with results and without journal, dvc.lock and git; the current folder."""
    root = small_project.make(tmp_path / "small")
    monkeypatch.setenv("CRAB_ROOT", str(root))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(root)
    return root

"""A run to release: real constraints, hostile texts, two trained models of a few thousand parameters."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from crab.cli import compose
from crab.core import io
from crab.core.records import Example
from tests.release import tiny_models
from tests.report import small_project
from tests.tracking.toy_project import ROOT


@pytest.fixture(scope="session")
def params() -> str:
    """The default configuration."""
    return compose.composed(ROOT)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, params: str) -> Path:
    """A checkout whose records are of three sources; the current folder."""
    root = small_project.make(tmp_path / "run")
    values = YAML(typ="safe").load(params)
    values["name"] = small_project.HOSTILE
    values["seed"]["licences"] = {"by hand": "Apache-2.0", "for study": "CC BY-NC 4.0"}
    with open(root / "params.yaml", "w", encoding="utf-8") as file:
        YAML(typ="safe").dump(values, file)
    examples = io.read(root / "data/verified/train.jsonl", Example)
    names = ["by hand", "for study", "from | <b>somewhere</b>\nelse", "by hand", "by hand"]
    renamed = [_with(example, name) for example, name in zip(examples, names, strict=True)]
    io.write(root / "data/verified/train.jsonl", renamed[:3])
    io.write(root / "data/verified/heldout.jsonl", renamed[3:])
    tiny_models.make(root / "models")
    monkeypatch.setenv("CRAB_ROOT", str(root))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(root)
    return root


def _with(example: Example, source: str) -> Example:
    return dataclasses.replace(example, source=source)

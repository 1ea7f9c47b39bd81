"""What `dvc.yaml` lists as a stage's code is what it imports: no more (needless reruns), no less (stale results)."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
BESIDE = ("crab.tracking", "crab.cli", "crab.report", "crab.experiment")
"""Rooms that cannot change a result: recording, showing, and refusing bad configs."""


def stages() -> dict[str, Any]:
    declared: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]
    return declared


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("crab", "stages", cache_dir=None)


def is_beside(module: str) -> bool:
    return any(module == name or module.startswith(name + ".") for name in BESIDE)


def file_of(module: str) -> Path:
    path = Path(*module.split("."))
    return path.with_suffix(".py") if (ROOT / path.with_suffix(".py")).exists() else path / "__init__.py"


def says_nothing(file: Path) -> bool:
    """A package's `__init__.py` that holds a docstring and no code."""
    body = ast.parse((ROOT / file).read_text()).body
    return file.name == "__init__.py" and all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body
    )


def closure(stage: str) -> set[Path]:
    """Files that a stage's script reaches by imports, lazy ones included; rooms beside left out."""
    reached: set[str] = set()
    waiting = [f"stages.{stage}"]
    while waiting:
        module = waiting.pop()
        if module in reached or is_beside(module):
            continue
        reached.add(module)
        waiting += graph().find_modules_directly_imported_by(module)
        if "." in module:  # importing a.b.c runs a/__init__.py and a/b/__init__.py
            waiting.append(module.rpartition(".")[0])
    return {file for file in map(file_of, reached) if not says_nothing(file)}


def listed(stage: str) -> set[Path]:
    files: set[Path] = set()
    for dependency in stages()[stage]["deps"]:
        path = Path(dependency)
        if path.parts[0] not in ("crab", "stages"):
            continue
        if (ROOT / path).is_dir():
            files |= {file.relative_to(ROOT) for file in (ROOT / path).rglob("*.py")}
        else:
            files.add(path)
    return {file for file in files if file.suffix != ".py" or not says_nothing(file)}


@pytest.mark.parametrize("stage", [name for name in stages() if name != "track"])
def test_code_dependencies_are_the_import_closure(stage: str) -> None:
    code = {file for file in listed(stage) if file.suffix == ".py"}
    needed = closure(stage)
    assert sorted(map(str, needed - code)) == [], f"missing from deps of {stage} in dvc.yaml"
    assert sorted(map(str, code - needed)) == [], f"needless in deps of {stage} in dvc.yaml"


@pytest.mark.parametrize(
    ("module", "reruns", "spares"),
    [
        ("crab/constraints/registry.py", {"backtranslate", "verify"}, {"seed", "base"}),
        ("crab/data/preferences.py", {"dpo"}, {"seed", "backtranslate", "verify", "base", "sft"}),
        ("crab/training/dpo.py", {"dpo"}, {"sft", "base"}),
        ("crab/evaluation/heldout.py", {"eval"}, {"seed", "backtranslate", "verify", "base", "sft", "dpo"}),
    ],
)
def test_an_edit_reruns_what_uses_it_and_nothing_else(module: str, reruns: set[str], spares: set[str]) -> None:
    users = {stage for stage in stages() if stage != "track" and Path(module) in closure(stage)}
    assert reruns <= users
    assert not spares & users


def test_rooms_beside_the_pipeline_are_nobodys_dependency() -> None:
    for name, stage in stages().items():
        code = [
            dependency
            for dependency in stage["deps"]
            if dependency.startswith(("crab/tracking", "crab/cli", "crab/report", "crab/release"))
        ]
        assert code == [], name


def test_every_resource_file_is_some_stages_dependency() -> None:
    resources = {
        file.relative_to(ROOT)
        for file in (ROOT / "crab").rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc") and "__pycache__" not in file.parts
    }
    used = {path for stage in stages() for path in map(Path, stages()[stage]["deps"])}
    covered = {file for file in resources if any(file == path or path in file.parents for path in used)}
    beside = {file for file in resources if file.parts[1] in ("tracking", "cli", "report", "release")}
    assert sorted(map(str, resources - covered - beside - {Path("crab/py.typed")})) == []

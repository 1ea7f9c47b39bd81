"""What counts as the same experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

from crab.config.section import read_params
from crab.tracking import identity
from tests.tracking.toy_project import Project


def key(project: Project) -> identity.Experiment:
    return identity.current(read_params(project.root / "params.yaml"), project.root)


@pytest.fixture(autouse=True)
def _no_dvc_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)


def test_clean_then_edited_then_parameter(project: Project) -> None:
    first = key(project)
    assert not first.dirty
    assert first.name == "default"

    (project.root / "crab" / "core" / "io.py").open("a").write("\n# an edit\n")
    edited = key(project)
    assert edited.dirty
    assert edited.key != first.key
    assert edited.commit == first.commit

    project.run("git", "checkout", "-q", ".")
    assert key(project) == first
    params = project.root / "params.yaml"
    params.write_text(params.read_text().replace("random_seed: 0", "random_seed: 1", 1))
    assert key(project).key != first.key
    assert not key(project).dirty, "parameters are told apart by themselves"


@pytest.mark.parametrize("room", ["tracking", "cli", "report"])
def test_code_that_changes_no_result_makes_no_other_experiment(project: Project, room: str) -> None:
    first = key(project)
    (project.root / "crab" / room / "extra.py").write_text("x = 1\n")
    assert key(project) == first


def test_new_file_counts(project: Project) -> None:
    first = key(project)
    (project.root / "crab" / "core" / "extra.py").write_text("x = 1\n")
    assert key(project).key != first.key


def test_work_tree_and_commit_agree(project: Project) -> None:
    params_text = (project.root / "params.yaml").read_bytes()
    params = read_params(project.root / "params.yaml")
    here = key(project)
    sources = identity.in_commit("HEAD", project.root)
    assert any(path.startswith("crab/core/") for path in sources)
    assert identity.identify(here.commit, sources, False, params, params_text, "") == here


def test_dvc_gives_the_name(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    unnamed = key(project)
    monkeypatch.setenv("DVC_EXP_NAME", "it's-mine")
    named = key(project)
    assert named.name == "it's-mine"
    assert named.key != unnamed.key
    assert "'" not in named.key


def test_before_the_first_commit_and_outside_git(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("name: x\n")
    assert identity.current({"name": "x"}, tmp_path).key.startswith("uncommitted.")

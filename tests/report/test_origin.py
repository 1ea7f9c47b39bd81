"""Whether results are those of params.yaml, and the commands that give them again."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from crab.report import origin
from crab.report.origin import Change, Origin
from tests.report import small_project
from tests.tracking.toy_project import clean_environment


def commit(root: Path, *paths: str) -> None:
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", *paths],
        ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "one"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True, env=clean_environment())


def test_results_that_are_in_step(small: Path) -> None:
    small_project.lock(small)
    found = origin.build(small, small_project.DEFAULTS)
    assert found.in_step
    assert found.changes == (Change("sft.aux_weight", "0.5", "0.25"),)


def test_results_of_another_run(small: Path) -> None:
    small_project.lock(small, sft="0" * 32)
    (small / "results/not-ours.json").write_text("{}")
    found = origin.build(small, None)
    assert found.not_locked == ("results/sft.json",)
    assert not found.in_step
    assert found.changes is None


def test_values_that_changed_since(small: Path) -> None:
    small_project.lock(small)
    text = small_project.PARAMS.replace("0.5", "0.75")
    (small / "params.yaml").write_text(text, encoding="utf-8")
    found = origin.build(small, None)
    assert found.made_with == (Change("sft.aux_weight", "0.75", "0.5"),)
    assert not found.in_step


def test_commands_for_what_is_committed(small: Path) -> None:
    commit(small, "params.yaml")
    found = origin.build(small, small_project.DEFAULTS)
    assert found.committed
    assert found.commands == (f"git checkout {found.commit}", "make run")


def test_commands_for_a_change(small: Path) -> None:
    commit(small, "params.yaml")
    text = small_project.PARAMS.replace("0.5", "0.75")
    (small / "params.yaml").write_text(text, encoding="utf-8")
    found = origin.build(small, small_project.DEFAULTS)
    assert found.commands[-1] == "dvc exp run \\\n  -S sft.aux_weight=0.75"
    (small / "conf").mkdir()
    (small / "conf/config.yaml").write_text("name: other\n")
    assert origin.build(small, small_project.DEFAULTS).commands[-1] == "make run"  # with the values themselves


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        (Change("a.b", "c d's \\ x", "y"), "a.b", "c d's \\ x"),
        (Change("a.b", "x\\", "y"), "a.b", "x\\"),
        (Change("a.b", '["x", "y,z"]', "[]"), "a.b", ["x", "y,z"]),
        (Change("a.b", "$(touch x)", "y"), "a.b", "$(touch x)"),
        (Change("a.b", "null", "1"), "a.b", None),
        (Change("a.b", "1e-05", None), "a.b", 1e-05),
        (Change("a.b", "org/model-1.5", "y"), "a.b", "org/model-1.5"),
        (Change("a.b", "", "y"), "a.b", ""),
    ],
)
def test_overrides_reach_hydra_as_they_are(change: Change, key: str, value: object) -> None:
    run = Origin("n", "", "", "c", False, "95", "", "", False, True, (change,), (), (), True).commands[-1]
    words = shlex.split(run.replace("\\\n", ""))  # a line that goes on
    assert words[:4] == ["dvc", "exp", "run", "-S"]
    parsed = OverridesParser.create().parse_override(words[4])
    assert (parsed.key_or_group, parsed.value()) == (key, value)


def test_a_value_that_is_gone() -> None:
    found = Origin("n", "", "", "c", False, "95", "", "", False, True, (Change("a.b", None, "1"),), (), (), True)
    assert "'~a.b'" in found.commands[-1]

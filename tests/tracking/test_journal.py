"""The record of what ran."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from crab.tracking import journal
from crab.tracking.identity import Experiment

EXPERIMENT = Experiment(key="c.d/workspace/p", name="default", family="", commit="c" * 40, dirty=False)


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.setenv("CRAB_ROOT", str(tmp_path))
    journal.folder().mkdir(parents=True)
    return tmp_path


def test_an_execution_begins_and_ends() -> None:
    execution = journal.begin("sft", EXPERIMENT, {"data/x": "0" * 32})
    journal.save(execution)
    assert list(journal.executions()) == []
    assert list(journal.executions(running=True)) == [execution]
    ended = journal.end(execution, "finished", {"loss": 0.0})
    journal.save(ended)
    assert list(journal.executions(running=True)) == []
    assert list(journal.executions()) == [ended]
    assert journal.latest("sft") == ended
    assert journal.latest("dpo") is None


def test_a_dead_process_is_found_and_a_living_one_is_not() -> None:
    living = journal.begin("sft", EXPERIMENT, {})
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = replace(journal.begin("dpo", EXPERIMENT, {}), pid=gone.pid)
    elsewhere = replace(journal.begin("eval", EXPERIMENT, {}), host="another machine", pid=gone.pid)
    for execution in (living, dead, elsewhere):
        journal.save(execution)
    assert [(e.stage, e.status) for e in journal.abandoned()] == [("dpo", "killed")]
    assert {e.stage for e in journal.executions(running=True)} == {"sft", "eval"}
    assert journal.abandoned() == []


def test_a_number_that_another_process_inherited_is_not_alive() -> None:
    execution = journal.begin("sft", EXPERIMENT, {})
    journal.save(replace(execution, pid=os.getpid(), started=execution.started - 10**6))
    assert [e.status for e in journal.abandoned()] == ["killed"]


def test_curves_end_where_a_kill_cut_them() -> None:
    execution = journal.begin("sft", EXPERIMENT, {})
    journal.append_step(execution, 1, 100.0, {"loss": 2.0})
    journal.append_step(execution, 2, 101.0, {"loss": float("nan")})
    with open(journal.folder() / f"{execution.id}.steps.jsonl", "a") as file:
        file.write('{"step": 3, "ti')
    points = list(journal.steps(execution))
    assert points[0] == (1, 100.0, {"loss": 2.0})
    assert [step for step, _, _ in points] == [1, 2]


def test_what_another_version_wrote_is_passed_over(checkout: Path) -> None:
    (journal.folder() / "20200101T000000-old.json").write_text('{"stage": "sft"}\n')
    assert list(journal.executions()) == []

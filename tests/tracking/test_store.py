"""MLflow for real: an SQLite file, its limits, several processes at once, and a server that is not there."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from crab.tracking import board, journal, note, process, store
from crab.tracking.identity import Experiment
from crab.tracking.journal import Execution, Row
from tests.tracking.toy_project import ROOT, clean_environment

EXPERIMENT = Experiment(key="c.d/ab1/p", name="ab1", family="fam", commit="c" * 40, dirty=True)
ROW = Row(
    key=EXPERIMENT.key,
    name="ab1",
    family="fam",
    commit="c" * 40,
    dirty=True,
    status="finished",
    started=1_700_000_000.0,
    ended=1_700_000_100.0,
    params={f"group.value{number}": str(number) for number in range(250)} | {"seed.path": "p" * 20_000, "empty": ""},
    metrics={"heldout/sft/prompt_strict": 0.0, "sft/items:num_bullets": 1.5},
    lineage={"models/sft": "0" * 32 + ".dir", "data/seed/train.jsonl": "1" * 32},
    stages={"sft": "executed", "seed": "from the cache, made by base"},
    files={"params.yaml": "name: ab1\n", "results/metrics.json": "{}\n", note.SHOWN: "<svg/>"},
    question="Does it help?",
    changes={"sft.aux_weight": ("0.25", "0.5")},
)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store: its tables take seconds to make."""
    place = tmp_path_factory.mktemp("store")
    (place / ".dvc").mkdir()
    environment = clean_environment() | {"CRAB_ROOT": str(place)}
    code = "from crab.tracking import process, store; process.prepare(); store.connect('unused')"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    return place / "mlflow.db"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_once: Path) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.setenv("CRAB_ROOT", str(tmp_path))
    for name in ("MLFLOW_TRACKING_URI", *process.QUIET):
        monkeypatch.delenv(name, raising=False)
    for name, value in process.QUIET.items():
        monkeypatch.setenv(name, value)
    shutil.copy(made_once, tmp_path / "mlflow.db")
    journal.folder().mkdir(parents=True)
    return tmp_path


def runs(opened: store.Store, kind: str) -> list[object]:
    return list(opened.client.search_runs([opened.experiment_id], f"tags.`crab.kind` = '{kind}'"))


def ended(stage: str = "sft") -> Execution:
    execution = journal.begin(stage, EXPERIMENT, {"data/x": "1" * 32})
    for step in range(3):
        journal.append_step(execution, step, 1_700_000_000.0 + step, {"loss": 1.0 - step / 10})
    return replace(journal.end(execution, "finished", {"loss": 0.8}), outputs={"models/sft": "2" * 32})


def test_a_row_is_complete_and_written_once(checkout: Path) -> None:
    opened = store.connect("crab")
    run_id = opened.write_experiment(ROW)
    assert store.connect("crab").write_experiment(ROW) == run_id, "another process finds it"
    (run,) = runs(opened, "experiment")
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "ab1"
    assert (run.info.end_time - run.info.start_time) == 100_000
    assert len(run.data.params) == len(ROW.params)
    assert run.data.params["group.value249"] == "249"
    assert len(run.data.params["seed.path"]) <= store.MAX_PARAM
    assert "20000 characters" in run.data.params["seed.path"]
    assert run.data.metrics == ROW.metrics
    tags = run.data.tags
    assert [name for name in tags if name.startswith("lineage.")] == ["lineage.models/sft"], "data is in dvc.lock"
    assert tags["lineage.models/sft"] == "0" * 32 + ".dir"
    assert tags["crab.stage.seed"] == "from the cache, made by base"
    assert (tags["crab.dirty"], tags["crab.family"], tags["crab.status"]) == ("true", "fam", "finished")
    assert tags["crab.changes"] == "sft.aux_weight=0.5"
    assert tags["mlflow.note.content"] == note.write(ROW, run_id)
    assert (checkout / "mlartifacts" / run_id / "artifacts" / "results" / "metrics.json").read_text() == "{}\n"


def test_a_stage_is_a_child_with_its_curves(checkout: Path) -> None:
    opened = store.connect("crab")
    execution = ended()
    opened.write_stage(execution)
    assert runs(opened, "stage") == [], "no child without a parent"
    parent = opened.write_experiment(ROW)
    opened.write_stage(execution)
    opened.write_stage(execution)
    (child,) = runs(opened, "stage")
    assert child.data.tags["mlflow.parentRunId"] == parent
    assert child.data.tags["crab.in.data/x"] == "1" * 32
    assert child.data.tags["crab.out.models/sft"] == "2" * 32
    history = opened.client.get_metric_history(child.info.run_id, "loss")
    assert [(point.step, point.value) for point in history if point.step] == [(1, 0.9), (2, 0.8)]


def test_a_killed_stage_gets_the_points_that_it_had_not_sent(checkout: Path) -> None:
    opened = store.connect("crab")
    execution = ended()
    parent = opened.open_experiment(replace(ROW, status="running"))
    run_id = opened.open_stage(replace(execution, status="running", ended=None), parent)
    opened.log_points(run_id, list(journal.steps(execution))[:1])
    opened.close_abandoned([replace(execution, status="killed")])
    history = opened.client.get_metric_history(run_id, "loss")
    assert sorted(point.step for point in history if point.timestamp < 1_700_000_010_000) == [0, 1, 2]
    assert opened.statuses() == {ROW.key: "killed", execution.id: "killed"}


def test_running_again_opens_a_failed_experiment(checkout: Path) -> None:
    opened = store.connect("crab")
    opened.open_experiment(replace(ROW, status="running"))
    opened.close_experiment(ROW.key, "failed", None)
    assert runs(opened, "experiment")[0].info.status == "FAILED"
    opened.open_experiment(replace(ROW, status="running"))
    assert runs(opened, "experiment")[0].info.status == "RUNNING"
    opened.write_experiment(ROW)
    assert runs(opened, "experiment")[0].info.status == "FINISHED"


def test_where_runs_go(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.uri() == f"sqlite:///{checkout}/mlflow.db"
    assert store.uri("http://there:5000") == "http://there:5000"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mine.db")
    assert store.uri("http://there:5000") == f"sqlite:///{checkout}/mine.db", "a relative file would be deleted by DVC"
    assert store.safe("http://me:secret@there:5000/x") == "http://there:5000/x"


def test_the_page_is_known_without_mlflow(checkout: Path) -> None:
    assert store.ui("crab") is None
    experiment_id = store.connect("crab").experiment_id
    command, address = store.ui("crab") or ("", "")
    assert command == ".venv/bin/mlflow ui --backend-store-uri sqlite:///mlflow.db"
    assert address == f"http://127.0.0.1:5000/#/experiments/{experiment_id}/runs?viewStateShareKey={board.VIEW}"


def test_the_page_has_a_description_that_a_reader_may_change(checkout: Path) -> None:
    opened = store.connect("crab")
    name = "mlflow.note.content"
    assert opened.client.get_experiment(opened.experiment_id).tags[name] == board.DESCRIPTION
    opened.client.set_experiment_tag(opened.experiment_id, name, "ours")
    opened.client.delete_experiment_tag(opened.experiment_id, f"mlflow.sharedViewState.{board.VIEW}")
    store.connect("crab")
    tags = opened.client.get_experiment(opened.experiment_id).tags
    assert (tags[name], f"mlflow.sharedViewState.{board.VIEW}" in tags) == ("ours", True)


def test_a_run_tells_its_question_while_it_runs(checkout: Path) -> None:
    opened = store.connect("crab")
    opened.open_experiment(replace(ROW, status="running", metrics={}, stages={}, files={}))
    (run,) = runs(opened, "experiment")
    assert run.data.tags["mlflow.note.content"].startswith("**Does it help?**")


def test_a_closed_port_costs_seconds(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    began = time.monotonic()
    with pytest.raises(store.UnavailableError):
        store.connect("crab")
    assert time.monotonic() - began < 20


def test_a_file_that_cannot_be_opened_costs_seconds(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{checkout}")
    began = time.monotonic()
    with pytest.raises(store.UnavailableError, match="unable to open"):
        store.connect("crab")
    assert time.monotonic() - began < 20


def test_a_file_that_is_no_database_is_said_so(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "notes.db").write_text("these are notes, not a database " * 100)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///notes.db")
    with pytest.raises(store.UnavailableError, match="not a database"):
        store.connect("crab")


@pytest.mark.slow
def test_four_processes_make_one_store(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    environment = clean_environment() | {"CRAB_ROOT": str(tmp_path)}
    code = (
        "from crab.tracking import process, store; process.prepare(); from tests.tracking.test_store import ROW; "
        "print(store.connect('crab').write_experiment(ROW))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    outputs = [process.communicate(timeout=240) for process in started]
    assert [process.returncode for process in started] == [0] * 4, outputs
    assert len({out for out, _ in outputs}) == 1, "one row, not four"

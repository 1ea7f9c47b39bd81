"""`crab gc` in a project with something of each kind to reclaim."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crab.cli import gc, queue
from crab.cli.app import app
from crab.cli.reclaim import cached, experiments, work_folders
from crab.core.errors import CrabError
from crab.engines.cache import Cached, default_place
from crab.tracking import journal
from crab.tracking.identity import Experiment
from tests.engines.test_cache import Counting, ask
from tests.tracking.toy_project import Project


@pytest.fixture(autouse=True)
def _here(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("CRAB_ROOT", str(project.root))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def unfinished(root: Path, stage: str, key: str) -> Path:
    folder = root / ".work" / stage / key
    folder.mkdir(parents=True)
    folder.with_suffix(".lock").touch()
    (folder / "checkpoint").write_bytes(bytes(5000))
    return folder


@contextmanager
def held(folder: Path) -> Iterator[None]:
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kept(root: Path) -> dict[str, bytes]:
    """Everything in the journal."""
    place = root / ".work/journal"
    return {str(file): file.read_bytes() for file in place.rglob("*") if file.is_file()}


def test_nothing_goes_without_yes_and_nothing_that_is_in_use(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    left, busy = unfinished(project.root, "second", "0a"), unfinished(project.root, "second", "0b")
    (project.root / ".work/journal").mkdir()
    (project.root / ".work/journal/one.json").write_text("{}")
    (project.root / ".work/journal.lock").touch()
    before = kept(project.root)
    with held(busy):
        gc.run(project.root, False, None, None)
        text = capsys.readouterr()
        assert "5.0 kB  second/0a" in text.out
        assert "0b" not in text.out
        assert "costs: second starts anew" in text.out
        assert "could be freed: 5.0 kB" in text.out
        assert "--yes" in text.err
        assert left.exists()
        gc.run(project.root, True, None, None)
        assert "freed: 5.0 kB" in capsys.readouterr().out
        assert not left.exists()
        assert busy.exists()
    assert kept(project.root) == before


def test_work_that_somebody_takes_up_meanwhile_stays(project: Project) -> None:
    folder = unfinished(project.root, "second", "0a")
    [item] = work_folders.find(project.root)
    with held(folder):
        assert item.delete() == "a process works in it"
    assert folder.exists()


def test_the_present_inputs_are_told_apart(project: Project) -> None:
    from crab.core import work

    (project.root / "data").mkdir()
    (project.root / "data/first.txt").write_text("seed 0")
    unfinished(project.root, "second", work.key("second", project.root))
    [item] = work_folders.find(project.root)
    assert "would have gone on from it" in item.costs


def test_answers_go_by_age_and_only_when_asked(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    Cached(Counting(), {"model": "m", "prompts": "judge"}, default_place()).generate(ask("a", "b"))
    gc.run(project.root, False, None, None)
    assert "response cache" not in capsys.readouterr().out
    gc.run(project.root, False, 1.0, None)
    assert "response cache" not in capsys.readouterr().out
    gc.run(project.root, True, 0.0, None)
    text = capsys.readouterr().out
    assert '2 answers older than 0 days: 2 of {"model": "m", "prompts": "judge"}' in text
    gc.run(project.root, False, 0.0, None)
    assert "response cache" not in capsys.readouterr().out


@pytest.mark.slow
def test_experiments_their_cached_data_and_the_row_in_the_journal(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    conf = project.root / "conf" / "config.yaml"
    conf.write_text(conf.read_text().replace("- track: mlflow", "- track: none  "))
    project.crab("compose")
    project.commit("Without MLflow")
    project.dvc("exp", "run", "-n", "mine", "-S", "sft.aux_weight=0.5")
    project.run("git", "checkout", "-q", "-f", "params.yaml")
    project.run("git", "rm", "-q", "--cached", "--ignore-unmatch", "dvc.lock")
    (project.root / "dvc.lock").unlink()
    assert [item.what.split()[0] for item in experiments.find(project.root, 0.0)] == ["mine"]
    assert list(experiments.find(project.root, 1.0)) == []
    assert list(cached.find(project.root)) == []  # an experiment uses each object
    journal_before = kept(project.root)
    assert journal_before
    gc.run(project.root, False, None, 0.0)
    assert len(queue.finished(project.root)) == 1
    gc.run(project.root, True, None, 0.0)
    text = capsys.readouterr().out
    assert "mine (on " in text
    assert "objects that neither the workspace nor an experiment uses" in text
    assert queue.finished(project.root) == []
    assert kept(project.root) == journal_before
    assert not [file for file in (project.root / ".dvc/cache/files").rglob("*") if file.is_file()]


def test_the_cache_is_left_alone_while_something_runs(project: Project) -> None:
    place = journal.folder()
    place.mkdir(parents=True)
    journal.save(journal.begin("second", Experiment("k", "busy-run", "", "", False), {}))
    with pytest.raises(CrabError, match="busy-run"):
        gc.run(project.root, True, None, None)
    assert any(place.glob("*.running.json"))


@pytest.mark.slow
def test_deleted_runs_of_mlflow(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    from mlflow import MlflowClient

    from crab.tracking import store

    opened = store.connect("crab")
    client: MlflowClient = opened.client
    gone, stays = (client.create_run(opened.experiment_id).info.run_id for _ in range(2))
    client.log_text(gone, "x" * 3000, "page.html")
    client.delete_run(gone)
    gc.run(project.root, True, None, None)
    assert "3.0 kB  1 deleted runs with their artifacts" in capsys.readouterr().out
    assert not any((project.root / "mlartifacts").rglob("page.html"))
    assert client.get_run(stays).info.lifecycle_stage == "active"
    gc.run(project.root, False, None, None)
    assert "MLflow" not in capsys.readouterr().out


def test_contradicting_options(project: Project) -> None:
    done = CliRunner().invoke(app, ["gc", "--yes", "--dry-run"])
    assert done.exit_code == 2

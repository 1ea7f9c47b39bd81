"""Tracking under DVC itself: cached stages, snapshots, the queue's names, a failure, a store that was down."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.tracking.toy_project import ROOT, Project, clean_environment

pytestmark = pytest.mark.slow

QUERY = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name("crab")
found = client.search_runs([experiment.experiment_id]) if experiment else []
print(json.dumps([
    {"name": r.info.run_name, "status": r.info.status, **{k: getattr(r.data, k) for k in ("params", "metrics", "tags")}}
    for r in found
]))
"""


def rows(project: Project, kind: str = "experiment") -> dict[str, dict[str, dict[str, str]]]:
    environment = clean_environment() | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", QUERY, f"sqlite:///{project.root}/mlflow.db"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return {run["name"]: run for run in json.loads(done.stdout) if run["tags"]["crab.kind"] == kind}


def figures(project: Project) -> list[str]:
    """The pictures in the artifact store, in an order of their own."""
    return sorted(file.read_text() for file in project.root.glob("mlartifacts/*/artifacts/figures/*.svg"))


def without_ids(tags: dict[str, str]) -> dict[str, str]:
    """Tags of a run that another store gives again."""
    note = {
        name: re.sub("run_uuid=[0-9a-f]+", "", text) for name, text in tags.items() if name == "mlflow.note.content"
    }
    return {name: text for name, text in tags.items() if name.startswith(("crab.", "lineage."))} | note


def test_the_life_of_an_experiment(project: Project) -> None:
    project.dvc("repro")
    assert "up to date" in project.dvc("repro").stdout
    project.commit("The first run")
    assert project.run("git", "status", "--porcelain").stdout == ""

    # In a snapshot, under another name and with the same upstream data.
    project.dvc("exp", "run", "--temp", "-n", "alpha-half", "-S", "sft.aux_weight=0.5", "-S", "track.family=fam")
    # Equal to the workspace but for a value that only `track` sees.
    project.dvc("exp", "run", "--temp", "-n", "same", "-S", "track.family=fam")
    found = rows(project)
    assert set(found) == {"default", "alpha-half", "same"}
    assert len({frozenset(run["params"]) for run in found.values()}) == 1
    for run in found.values():
        assert run["status"] == "FINISHED"
        assert run["metrics"]["first/kept"] == 10
        assert "heldout/sft/prompt_strict" in run["metrics"]
    assert found["alpha-half"]["tags"]["crab.stage.first"] == "from the cache, made by default"
    assert found["alpha-half"]["tags"]["crab.stage.second"] == "executed"
    assert found["same"]["tags"]["crab.stage.second"] == "from the cache, made by default"
    assert found["same"]["tags"]["crab.family"] == "fam"
    assert found["same"]["tags"]["lineage.models/second"] == found["default"]["tags"]["lineage.models/second"]
    assert found["same"]["tags"]["lineage.models/second"] != found["alpha-half"]["tags"]["lineage.models/second"]
    assert found["alpha-half"]["tags"]["crab.changes"] == "sft.aux_weight=0.5"
    assert "Changed: `sft.aux_weight` = `0.5`, not `0.25`" in found["alpha-half"]["tags"]["mlflow.note.content"]
    assert len(figures(project)) == 3
    assert not list((project.root / ".dvc" / "tmp").rglob("mlflow.db"))
    assert set(rows(project, "stage")) == {"first (default)", "second (default)", "second (alpha-half)"}

    # A stage that fails ends its experiment's row.
    project.dvc("exp", "run", "-n", "broken", "-S", "sft.aux_weight=1", ok=False, TRIAL="mistake")
    project.run("git", "checkout", "-q", ".")
    assert rows(project)["broken"]["status"] == "FAILED"
    assert rows(project, "stage")["second (broken)"]["tags"]["crab.message"].startswith("data/first.txt:3")

    # A store that is down costs warnings; afterwards, or in a new store, everything can be had back.
    down = project.dvc("exp", "run", "-n", "unseen", "-S", "random_seed=3", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert (down.stdout + down.stderr).count("crab: warning: MLflow") == 2
    assert "unseen" not in rows(project)
    project.run("git", "checkout", "-q", ".")
    assert "1 experiments and 2 stages" in project.crab("track", "sync").stdout
    assert rows(project)["unseen"]["metrics"]["first/kept"] == 13
    assert "0 experiments and 0 stages" in project.crab("track", "sync").stdout

    before = rows(project), rows(project, "stage")
    drawn = figures(project)
    os.remove(project.root / "mlflow.db")
    shutil.rmtree(project.root / "mlartifacts")
    project.crab("track", "sync")
    assert figures(project) == drawn
    after = rows(project), rows(project, "stage")
    for old, new in zip(before, after, strict=True):
        assert set(new) == set(old)
        for name, run in new.items():
            assert run["status"] == old[name]["status"]
            if run["status"] == "FINISHED":
                assert run["params"] == old[name]["params"]
                assert run["metrics"] == old[name]["metrics"]
                assert without_ids(run["tags"]) == without_ids(old[name]["tags"])


def test_without_a_journal_the_repository_is_enough(project: Project) -> None:
    project.crab("compose", "track=none")
    project.dvc("repro")
    project.commit("The first run, not tracked")
    project.dvc("exp", "run", "--temp", "-n", "other", "-S", "track=none", "-S", "random_seed=5")
    assert not (project.root / "mlflow.db").exists()
    project.run("rm", "-r", ".work")
    project.crab("track", "sync")
    found = rows(project)
    assert set(found) == {"default", "other"}
    assert found["other"]["metrics"]["first/kept"] == 15
    assert found["other"]["tags"]["crab.stage.first"] == "from the cache"
    assert found["other"]["params"]["random_seed"] == "5"
    assert found["other"]["tags"]["crab.changes"] == "random_seed=5"
    assert len(figures(project)) == 2

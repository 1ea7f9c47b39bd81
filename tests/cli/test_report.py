"""`crab report` in a project, as a user calls it: before anything ran, after, and with MLflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from crab.cli.comparison import Scores
from crab.cli.report import compare
from tests.tracking.toy_project import Project


def pages(project: Project) -> list[Path]:
    return sorted((project.root / "mlartifacts").rglob("report.html"))


def test_before_anything_ran(project: Project) -> None:
    done = project.crab("report", "--no-journal")
    assert "results/report.html" in done.stdout
    text = (project.root / "results/report.html").read_text(encoding="utf-8")
    assert "accuracies in results/metrics.json" in text
    assert "None: params.yaml is what conf/ composes to." in text
    assert "make run</pre>" in text

    (project.root / "params.yaml").write_text("- no mapping\n")
    done = project.crab("report", ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "not a mapping" in done.stderr


@pytest.mark.slow
def test_after_a_run(project: Project) -> None:
    project.dvc("repro")
    done = project.crab("report", "--log", "--out", "report.html")
    assert "attached" in done.stdout
    text = (project.root / "report.html").read_text(encoding="utf-8")
    assert "are those that dvc.lock records for these values" in text
    assert [page.read_text(encoding="utf-8") for page in pages(project)] == [text]

    # A commit gives the same results another key; they are found by their content.
    project.commit("The first run")
    assert "attached" in project.crab("report", "--log", "--out", "report.html").stdout
    assert len(pages(project)) == 1

    # A store that knows nothing of it, or is not there, costs a warning.
    elsewhere = f"sqlite:///{project.root}/other.db"
    done = project.crab("report", "--log", MLFLOW_TRACKING_URI=elsewhere)
    assert "the report is not in MLflow" in done.stderr
    assert "track sync" in done.stderr
    done = project.crab("report", "--log", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert "the report is not in MLflow" in done.stderr
    assert (project.root / "results/report.html").exists()


def test_values_that_differ_are_named(project: Project) -> None:
    params = project.root / "params.yaml"
    params.write_text(params.read_text().replace("aux_weight: 0.25", "aux_weight: 0.5"))
    project.crab("report")
    text = (project.root / "results/report.html").read_text(encoding="utf-8")
    assert "dvc exp run \\\n  -S sft.aux_weight=0.5" in text


def scores(met: list[int]) -> Scores:
    names = [f"p{number}" for number in range(len(met))]
    return Scores(dict(zip(names, met, strict=True)), dict.fromkeys(names, 1))


def test_arms_are_compared_with_the_first() -> None:
    runs = {
        "plain": {0: scores([0, 0, 1, 0]), 1: scores([0, 1, 0, 0])},
        "crab": {0: scores([1, 1, 1, 0]), 1: scores([1, 1, 1, 0])},
        "other prompts": {2: scores([1, 1])},
    }
    plain, crab, other = compare(runs, "prompt")
    assert (plain.mark.mean, plain.over, plain.difference) == (0.25, "2 seeds", None)
    assert crab.difference is not None
    assert (crab.difference.name, crab.difference.mean, crab.says) == ("crab − plain", 0.5, "higher (p 0.000)")
    assert (other.difference, other.over) == (None, "prompts")
    assert "in common" in other.says


def test_one_seed_decides_for_itself_alone() -> None:
    _, crab = compare({"plain": {0: scores([0, 1])}, "crab": {0: scores([1, 1])}}, "prompt")
    assert ", for this seed (p " in crab.says

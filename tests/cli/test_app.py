"""The command line itself."""

from __future__ import annotations

import json

import pytest

from tests.tracking.toy_project import Project

METRICS = {
    "heldout": {
        "version": 1,
        "chance": {"prompt_strict": {"mean": 0.08, "low": 0.05, "high": 0.11, "n": 400}},
        "sft": {"prompt_strict": {"mean": 0.31, "low": 0.27, "high": 0.35, "n": 400}, "words": 41.5, "ended": 1.0},
        "differences": {
            "sft-base": {"prompt_strict": {"mean": 0.2, "low": 0.1, "high": 0.3, "n": 400}},
            "dpo-sft": {"prompt_strict": {"mean": 0.01, "low": -0.02, "high": 0.04, "n": 400}},
            "odd": {"prompt_strict": {"mean": 0.01, "low": None, "high": None, "n": 1}},
        },
    }
}


def test_results(project: Project) -> None:
    done = project.crab("results", ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "dvc repro" in done.stderr
    (project.root / "results").mkdir()
    (project.root / "results" / "metrics.json").write_text(json.dumps(METRICS))
    text = project.crab("results", COLUMNS="160").stdout
    for word in ("31.0 [27.0, 35.0]", "400", "41.5", "100.0", "chance", "+20.0", "higher", "results/metrics.json"):
        assert word in text
    assert text.count("undecided") == 2


def test_help_is_light(project: Project) -> None:
    code = (
        "import sys; sys.argv = ['crab', '--help']\n"
        "from crab.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = project.python("-c", code).stdout
    assert "compose" in loaded
    for name in ("torch", "mlflow", "dvc", "hydra", "transformers", "scipy"):
        assert f"'{name}'" not in loaded


@pytest.mark.parametrize("arguments", [["nope"], ["compose", "--nope"], ["compose", "--check", "a=1"]])
def test_misuse_ends_with_a_status(project: Project, arguments: list[str]) -> None:
    done = project.crab(*arguments, ok=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_from_a_folder_below(project: Project) -> None:
    environment = {"PYTHONPATH": str(project.root)}
    done = project.run("sh", "-c", "cd conf/model && python -m crab compose --check", **environment)
    assert "in step" in done.stdout


@pytest.mark.slow
def test_a_family_from_queue_to_comparison(project: Project) -> None:
    second = project.root / "stages" / "second.py"
    second.write_text(
        second.read_text().replace(
            '    run.log({"loss": 1 / 3})\n',
            '    verdicts = [[{"satisfied": i % 3 < 4 * alpha}] for i in range(30)]\n'
            '    lines = [{"model": "sft", "id": f"p{i}", "verdicts": v} for i, v in enumerate(verdicts)]\n'
            '    io.write(Path("results/records/heldout.jsonl"), lines)\n',
        )
    )
    pipeline = project.root / "dvc.yaml"
    outputs = "[models/second, results/records/heldout.jsonl]"
    pipeline.write_text(pipeline.read_text().replace("[models/second]", outputs))
    (project.root / "conf" / "family" / "mine.yaml").write_text(
        "question: Does alpha matter?\nvary:\n  sft.aux_weight: [0, 0.5]\n  random_seed: [0, 1]\n"
    )
    project.crab("compose", "track=none")
    project.commit("A family")
    conf = project.root / "conf" / "config.yaml"
    conf.write_text(conf.read_text().replace("- track: mlflow", "- track: none  "))
    project.commit("Without MLflow, which this test is not about")

    done = project.crab("family", "run", "mine", "-j", "2", COLUMNS="160")
    assert "4 of 4 done" in done.stdout
    assert "+66.7" in done.stdout, "the comparison ends it"
    assert "has run with these values and this code" in project.crab("family", "queue", "mine").stdout
    text = project.crab("family", "compare", "mine", COLUMNS="160").stdout
    for word in ("Does alpha matter?", "aux_weight0.5", "66.7", "2 seeds", "higher", "+66.7"):
        assert word in text
    assert project.crab("family", "compare", "mine", "--model", "dpo", ok=False).returncode == 1
    project.crab("report", "--no-journal")
    assert 'id="ablations"' in (project.root / "results" / "report.html").read_text(encoding="utf-8")

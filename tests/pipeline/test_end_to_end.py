"""The real pipeline through DVC, by the commands that users type, at trial scale."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.conftest import Project

pytestmark = pytest.mark.slow

SPLITS = ("train", "dev", "heldout")
MALFORMED = [
    '{"instruction": "cut off',
    '["a", "list"]',
    '{"instruction": 3, "output": "x"}',
    '{"instruction": "no answer"}',
    "",
]


def tree(project: Project) -> dict[str, str]:
    """Every file that the stages made, and dvc.lock, by content."""
    files = [project.path / "dvc.lock"]
    for folder in ("data", "models", "results"):
        files += [file for file in (project.path / folder).rglob("*") if file.is_file()]
    return {str(f.relative_to(project.path)): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(files)}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def stages_run(output: str) -> list[str]:
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def runs(project: Project, kind: str) -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{project.path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("crab")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], f"tags.`crab.kind` = '{kind}'"))


def test_every_stage_leaves_its_files_and_every_record_a_trace(trial: Project) -> None:
    data = trial.path / "data"
    seeds = json.loads((trial.path / "results/seed.json").read_text())
    kept = {split: {record["id"] for record in lines(data / f"seed/{split}.jsonl")} for split in SPLITS}
    assert seeds["read"] == sum(map(len, kept.values())) + len(lines(data / "seed/rejected.jsonl"))
    verified = {split: {record["id"] for record in lines(data / f"verified/{split}.jsonl")} for split in SPLITS}
    gone = {
        line["record"]["id"]
        for name in ("backtranslated", "verified")
        for line in lines(data / name / "rejected.jsonl")
        if line["reason"] in ("no constraint", "no constraint left")
    }
    for split in SPLITS:
        assert verified[split] | (gone & kept[split]) == kept[split]
    assert not {r["instruction"] for r in lines(data / "seed/train.jsonl")} & {
        r["instruction"] for r in lines(data / "seed/heldout.jsonl")
    }


def test_no_constraint_is_false_of_its_own_response(trial: Project) -> None:
    for record in lines(trial.path / "data/verified/train.jsonl"):
        for constraint in record["constraints"]:
            assert constraint["verdict"]["satisfied"] is True
            assert constraint["bits"] is not None


def test_models_are_safetensors_without_pickles(trial: Project) -> None:
    for name in ("base", "sft", "dpo"):
        files = {file.name for file in (trial.path / "models" / name).rglob("*")}
        assert "model.safetensors" in files
        assert not [file for file in files if file.endswith((".bin", ".pt", ".pth", ".pkl"))]


def test_results_carry_n_and_interval(trial: Project) -> None:
    heldout = json.loads((trial.path / "results/metrics.json").read_text())["heldout"]
    prompts = len(lines(trial.path / "data/verified/prompts_heldout.jsonl"))
    for model in ("base", "sft", "dpo"):
        for metric in ("prompt_strict", "instruction_strict"):
            value = heldout[model][metric]
            assert 0 <= value["low"] <= value["mean"] <= value["high"] <= 1
        assert heldout[model]["prompt_strict"]["n"] == prompts
    assert {"sft-base", "dpo-sft"} <= set(heldout["differences"])


def test_an_idle_repro_runs_nothing(trial: Project) -> None:
    output = trial.run("dvc", "repro").stdout
    assert stages_run(output) == []
    assert "up to date" in output


def test_the_row_in_mlflow_is_complete(trial: Project) -> None:
    (parent,) = [run for run in runs(trial, "experiment") if run.data.params.get("eval.split") == "heldout"][:1]
    assert {"random_seed", "sft.aux_weight", "mix.name", "model.name", "dpo.beta"} <= set(parent.data.params)
    assert any(name.endswith("prompt_strict") for name in parent.data.metrics)
    assert {"crab.commit", "crab.dirty"} <= set(parent.data.tags)
    children = {run.data.tags["crab.stage"] for run in runs(trial, "stage")}
    assert {"seed", "backtranslate", "verify", "base", "sft", "dpo", "eval"} <= children


def test_killed_three_times_the_files_are_those_of_an_undisturbed_run(
    trial: Project, fresh: Callable[[], Project]
) -> None:
    project = fresh()
    for stage in ("backtranslate", "sft", "dpo"):
        kill_in(project, stage)
    project.run("dvc", "repro")
    assert tree(project) == tree(trial)


def kill_in(project: Project, stage: str) -> None:
    """kill -9 the whole process group once the stage has begun to leave work behind."""
    command = [sys.executable, "-m", "dvc", "repro"]
    process = subprocess.Popen(
        command, cwd=project.path, env=project.environment(), start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            place = project.path / ".work" / stage
            if place.exists() and [file for file in place.glob("*/**/*") if file.is_file()]:
                break
            assert process.poll() is None, f"the run ended before {stage} left any work"
            time.sleep(0.02)
        else:
            raise AssertionError(f"{stage} left no work in ten minutes")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_an_eval_change_reruns_only_eval_and_track(trial: Project) -> None:
    done = trial.run("dvc", "exp", "run", "-S", "scale=trial", "-S", "eval.split=dev")
    assert stages_run(done.stdout) == ["eval", "track"]
    trial.run("crab", "compose", "scale=trial")
    assert stages_run(trial.run("dvc", "repro").stdout) == ["track"]  # eval comes from the run cache


def test_a_temporary_experiment_lands_in_the_main_checkouts_store(trial: Project) -> None:
    before = len(runs(trial, "experiment"))
    trial.run(
        "dvc", "exp", "run", "--temp", "-n", "another-alpha", "-S", "scale=trial", "-S", "sft.aux_weight=0.5",
        "-S", "dpo.prompts=40",
    )  # fmt: skip
    rows = runs(trial, "experiment")
    assert len(rows) == before + 1
    (row,) = [run for run in rows if run.info.run_name == "another-alpha"]
    assert row.data.params["sft.aux_weight"] == "0.5"
    assert (trial.path / ".dvc" / "tmp" / "exps").exists()
    assert not list((trial.path / ".work").glob("*/*/checkpoints"))


def test_own_files_with_malformed_rows(fresh: Callable[[], Project]) -> None:
    project = fresh()
    own = project.path.parent / f"{project.path.name}-own.jsonl"
    good = [json.dumps({"instruction": f"Describe colour number {i}.", "output": answer(i)}) for i in range(90)]
    own.write_text("\n".join([*good[:45], *MALFORMED, *good[45:]]) + "\n", encoding="utf-8")
    overrides = ["-S", "scale=trial", "-S", "seed=files", "-S", f"seed.path=[../{own.name}]"]
    project.run("dvc", "exp", "run", *overrides)
    counts = json.loads((project.path / "results/seed.json").read_text())
    rejected = lines(project.path / "data/seed/rejected.jsonl")
    malformed = [line for line in rejected if own.name in line["detail"]]
    assert len(malformed) == 4  # an empty line is no row
    assert counts["read"] == 90 + len(malformed)
    own.write_text("\n".join(good) + "\n", encoding="utf-8")
    again = project.run("dvc", "exp", "run", *overrides)
    assert stages_run(again.stdout)[0] == "seed"


def answer(number: int) -> str:
    shape = number % 3
    facts = [f"Colour {number} is seen in the garden.", f"It goes well with colour {number + 1}.", "Painters like it."]
    return [" ".join(facts), "\n".join(f"- {fact}" for fact in facts), "\n\n".join(facts)][shape]


def test_a_typo_stops_before_anything_runs(trial: Project) -> None:
    done = trial.run("dvc", "exp", "run", "-S", "scale=trial", "-S", "dpo.bta=0.2", check=False)
    assert done.returncode
    assert "bta" in done.stderr
    done = trial.run(
        "dvc", "exp", "run", "-S", "scale=trial", "-S", "+dpo.bta=0.2", "-S", "sft.aux_weight=-1", check=False
    )
    assert done.returncode
    assert "did you mean 'beta'" in done.stderr
    assert "aux_weight" in done.stderr
    assert "Traceback" not in done.stderr
    trial.run("crab", "compose", "scale=trial")

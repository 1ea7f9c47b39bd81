"""Models that are evaluated without training: their files, and one run of the real thing on a tiny model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crab.cli import candidates
from crab.config.engine import EngineConfig
from crab.core import modelpath
from crab.core.errors import ConfigError
from crab.engines.base import Request
from crab.report import published
from tests.engines.conftest import build_model

ROOT = Path(__file__).parents[2]
LOCAL = EngineConfig.model_validate({"name": "transformers", "transformers": {"batch_size": 8, "batch_tokens": 4096}})
REMOTE = EngineConfig.model_validate({"name": "replay", "replay": {"file": "x.jsonl", "strict": True}})


@pytest.mark.parametrize("name", candidates.names(ROOT))
def test_every_candidate_is_sound(name: str) -> None:
    candidate = candidates.find(ROOT, name, LOCAL)
    assert candidate.name == name
    assert candidate.published in {row.model for row in published.load().rows}
    candidates.template(ROOT, candidate)
    assert len((ROOT / candidates.FOLDER / f"{name}.yaml").read_text().splitlines()[0]) > 30


def test_every_row_of_the_published_table_can_be_measured() -> None:
    assert {row.candidate for row in published.load().rows} == set(candidates.names(ROOT))


@pytest.mark.parametrize(("name", "expected"), [("vicuna", "<s>S USER: A ASSISTANT:"), ("bare", "<s>S\nA\n")])
def test_templates(name: str, expected: str) -> None:
    from jinja2 import Environment

    text = (ROOT / candidates.FOLDER / "templates" / f"{name}.jinja").read_text()
    messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "A"}]
    made = (
        Environment()
        .from_string(text)
        .render(messages=messages, bos_token="<s>", eos_token="</s>", add_generation_prompt=True)
    )
    assert made == expected


def test_a_model_by_folder_hub_id_or_served_name(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    assert candidates.find(ROOT, str(folder), LOCAL).name == "mine"
    assert candidates.find(ROOT, "owner/model-7B", LOCAL).name == "owner_model-7B"
    assert candidates.find(ROOT, "served", REMOTE).model == "served"
    with pytest.raises(ConfigError, match="name a folder, a hub id, or one of"):
        candidates.find(ROOT, "zefyr", LOCAL)


def test_where_a_model_lies(tmp_path: Path) -> None:
    hub = candidates.find(ROOT, "vicuna_13b_v1_5", LOCAL)
    place = candidates.place(tmp_path, hub, LOCAL, "template")
    assert modelpath.resolve(place) == ("lmsys/vicuna-13b-v1.5", None)
    assert (Path(place) / "chat_template.jinja").read_text() == "template"
    assert candidates.place(tmp_path, hub, LOCAL, "another") != place
    assert candidates.place(tmp_path, hub, REMOTE, None) == "lmsys/vicuna-13b-v1.5"
    own = candidates.find(ROOT, str(tmp_path), LOCAL)
    assert candidates.place(tmp_path / "work", own, LOCAL, None) == tmp_path


def test_what_a_request_carries() -> None:
    candidate = candidates.find(ROOT, "zephyr_7b_beta", LOCAL)
    request = Request("1", [{"role": "user", "content": "Tea?"}], 8)
    assert candidates.dressed(candidate, [request]) == [request]
    dressed = candidate.model_copy(update={"system_prompt": "Be short.", "stop": ["\n\n"]})
    [made] = candidates.dressed(dressed, [request])
    assert [message["role"] for message in made.messages] == ["system", "user"]
    assert made.stop == ("\n\n",)


@pytest.mark.slow
def test_a_run_without_training(tmp_path: Path) -> None:
    """The command on a tiny model: answers are kept, results say what it was shown, MLflow has a row."""
    project = tmp_path / "project"
    (project / ".dvc").mkdir(parents=True)
    for name in ("conf", "crab", "params.yaml"):
        (project / name).symlink_to(ROOT / name)
    model = build_model(tmp_path / "tiny")
    prompts = tmp_path / "prompts.jsonl"
    row = {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    prompts.write_text("".join(json.dumps({"key": n, "prompt": f"Name tea {n}.", **row}) + "\n" for n in range(4)))
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    environment = {**os.environ, "CRAB_ROOT": str(project), "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": store}
    command = [sys.executable, "-m", "crab", "eval", "run", str(model), "-b", "ifeval", "--data", str(prompts)]
    small = ["-S", "eval.max_new_tokens=8", "-S", "eval.bootstrap_samples=100"]
    seen = []
    for out, track in (("one", "track=mlflow"), ("two", "track=none")):
        done = subprocess.run(
            [*command, *small, "-S", track, "--out", out],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        files = [file for file in (tmp_path / out).rglob("*") if file.is_file()]
        seen.append({file.relative_to(tmp_path / out): file.read_bytes() for file in files})
    assert seen[0] == seen[1]
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())["ifeval"]["tiny"]
    assert metrics["prompt_level_strict_acc"]["n"] == 4
    [described] = json.loads((tmp_path / "one" / "candidates.json").read_text())
    assert (described["model"], described["system_prompt"], described["engine"]) == (str(model), None, "transformers")

    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=store)
    [experiment] = [one for one in client.search_experiments() if one.name == "crab"]
    [run] = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "tiny"
    assert run.data.metrics["ifeval/candidate/prompt_level_strict_acc"] == metrics["prompt_level_strict_acc"]["mean"]
    assert "crab eval run tiny" in run.data.tags["mlflow.note.content"]

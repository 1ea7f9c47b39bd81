"""vLLM's engine for real, in a process of its own: what it leaves behind in a process should not touch other tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, TransformersConfig, VllmConfig
from crab.core.errors import ResourceError
from crab.engines.base import Request, open_engine

ROOT = Path(__file__).parents[2]
PROGRAM = """
import dataclasses, json, random, sys
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, VllmConfig
from crab.engines.base import Request, open_engine

values = VllmConfig(tensor_parallel_size=1, pipeline_parallel_size=1, gpu_memory_utilization=0.5, cpu_cache_gib=1,
                    max_model_len=None, max_num_batched_tokens=2048, enforce_eager=True)
engine = open_engine(EngineConfig(name="vllm", vllm=values), sys.argv[1], ComputeConfig(threads=2, device="auto"))

def ask(count, **drawn):
    texts = [f"Write about lamp {number % 40}." for number in range(count)]
    return [Request(str(i), [{"role": "user", "content": text}], 24, seed=i, **drawn) for i, text in enumerate(texts)]

greedy = ask(40)
sampled = ask(300, temperature=1.0, top_p=0.9)
long = Request("long", [{"role": "user", "content": "lamp " * 400}], 8)
out = {}
with engine:
    answers = engine.generate([*greedy[:20], long, *greedy[20:]])
    out["long"] = dataclasses.asdict(answers.pop(20))
    out["greedy"] = [dataclasses.asdict(a) for a in answers]
    first = engine.generate(sampled)
    shuffled = random.Random(0).sample(sampled, 300)
    again = {a.id: a for a in engine.generate(shuffled)}
    out["ids"] = [a.id for a in first]
    out["different"] = sum(again[a.id] != a for a in first)
    out["distinct"] = len({a.text for a in first})
    stop = answers[0].text[4:6]
    out["stop"] = [stop, dataclasses.asdict(engine.generate([dataclasses.replace(greedy[0], stop=(stop,))])[0])]
with engine:  # a second model of one process
    out["reloaded"] = engine.generate(greedy) == answers
print("RESULT" + json.dumps(out))
"""
UNREACHABLE = """
import sys
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, VllmConfig
from crab.core.errors import ResourceError
from crab.engines.base import Request, open_engine

values = VllmConfig(tensor_parallel_size=1, pipeline_parallel_size=1, gpu_memory_utilization=0.5, cpu_cache_gib=1,
                    max_model_len=None, max_num_batched_tokens=2048, enforce_eager=True)
engine = open_engine(EngineConfig(name="vllm", vllm=values), sys.argv[1], ComputeConfig(threads=1, device="auto"))
try:
    engine.generate([Request("0", [{"role": "user", "content": "x"}], 1)])
except ResourceError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def result(model: Path) -> dict[str, Any]:
    pytest.importorskip("vllm", reason="vLLM is not installed (`make test` installs its CPU build on Linux)")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(model)], capture_output=True, text=True, timeout=500, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-4000:]
    values: dict[str, Any] = json.loads(done.stdout.rpartition("RESULT")[2])
    return values


@pytest.mark.slow
def test_hundreds_of_seeded_requests_give_the_same_in_any_order(result: dict[str, Any]) -> None:
    assert result["ids"] == [str(number) for number in range(300)]
    assert result["different"] <= 3  # float32: a rare near tie may turn
    assert result["distinct"] > 200


@pytest.mark.slow
def test_an_over_long_prompt_costs_nobody_else(result: dict[str, Any]) -> None:
    assert "256 positions" in result["long"]["error"]
    assert [answer["id"] for answer in result["greedy"]] == [str(number) for number in range(40)]
    assert not any(answer["error"] for answer in result["greedy"])


@pytest.mark.slow
def test_greedy_text_is_that_of_transformers(result: dict[str, Any], model: Path) -> None:
    values = EngineConfig(name="transformers", transformers=TransformersConfig(batch_size=40, batch_tokens=100_000))
    asked = [Request(str(i), [{"role": "user", "content": f"Write about lamp {i % 40}."}], 24) for i in range(40)]
    with open_engine(values, model, ComputeConfig(threads=2, device="cpu")) as engine:
        expected = engine.generate(asked)
    same = [
        (answer["text"], answer["finished"], answer["completion_tokens"])
        == (response.text, response.finished, response.completion_tokens)
        for answer, response in zip(result["greedy"], expected, strict=True)
    ]
    assert sum(same) >= 38  # float32 against float64


@pytest.mark.slow
def test_stop_texts_end_a_response(result: dict[str, Any]) -> None:
    stop, answer = result["stop"]
    whole = result["greedy"][0]["text"]
    assert answer["text"] == whole[: whole.index(stop)]
    assert answer["finished"]


@pytest.mark.slow
def test_a_closed_engine_loads_again(result: dict[str, Any]) -> None:
    assert result["reloaded"]


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_an_error_with_a_fix(tmp_path: Path) -> None:
    pytest.importorskip("vllm", reason="vLLM is not installed (`make test` installs its CPU build on Linux)")
    (tmp_path / "base.json").write_text(json.dumps({"hub_id": "crab-tests/no-such-model", "revision": "main"}))
    done = subprocess.run(
        [sys.executable, "-c", UNREACHABLE, str(tmp_path)], capture_output=True, text=True, timeout=500, cwd=ROOT,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert "crab-tests/no-such-model (main): is not in the local cache" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_package_is_an_error_with_a_fix(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)  # what an import of an absent package meets
    values = VllmConfig(
        tensor_parallel_size=1, pipeline_parallel_size=1, gpu_memory_utilization=0.5, cpu_cache_gib=1,
        max_model_len=None, max_num_batched_tokens=2048, enforce_eager=True,
    )  # fmt: skip
    engine = open_engine(EngineConfig(name="vllm", vllm=values), model, ComputeConfig(threads=1, device="cpu"))
    with pytest.raises(ResourceError, match="engine=transformers"):
        engine.generate([Request("0", [{"role": "user", "content": "x"}], 1)])

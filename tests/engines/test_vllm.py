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
from crab.core.errors import DataError, ResourceError
from crab.engines.base import Request, open_engine

ROOT = Path(__file__).parents[2]
PROGRAM = """
import dataclasses, json, random, sys
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, VllmConfig
from crab.engines.base import Request, open_engine

values = VllmConfig(**json.loads(sys.argv[2]))
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
    schema = json.dumps({"type": "object", "properties": {"verdict": {"enum": ["YES", "NO"]}},
                         "required": ["verdict"], "additionalProperties": False})
    out["structured"] = [a.text for a in engine.generate([dataclasses.replace(r, schema=schema) for r in sampled[:20]])]
    broken = dataclasses.replace(greedy[1], schema='{"type": "nonsense"}')
    out["broken schema"] = [a.error for a in engine.generate([greedy[0], broken, greedy[2]])]
    same_start = [Request(str(i), [{"role": "user", "content": "lamp " * 100 + str(i)}], 2) for i in range(8)]
    engine.generate(same_start[:1])
    out["reused"] = [a.cached_prompt_tokens for a in engine.generate(same_start[1:])]
    stream = engine.stream(greedy)
    early = [next(stream), next(stream)]
    stream.close()
    out["after an early end"] = engine.generate(greedy) == answers and all(r in answers for r in early)
    stop = answers[0].text[4:6]
    out["stop"] = [stop, dataclasses.asdict(engine.generate([dataclasses.replace(greedy[0], stop=(stop,))])[0])]
with engine:  # a second model of one process
    out["reloaded"] = engine.generate(greedy) == answers
adapted = VllmConfig(**json.loads(sys.argv[2]) | {"adapter": sys.argv[3], "max_lora_rank": 8})
config = EngineConfig(name="vllm", vllm=adapted)
with open_engine(config, sys.argv[1], ComputeConfig(threads=2, device="auto")) as engine:
    out["adapted"] = [a.text for a in engine.generate(greedy)]
print("RESULT" + json.dumps(out))
"""
UNREACHABLE = """
import json, sys
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, VllmConfig
from crab.core.errors import DataError, ResourceError
from crab.engines.base import Request, open_engine

values = VllmConfig(**json.loads(sys.argv[2]))
engine = open_engine(EngineConfig(name="vllm", vllm=values), sys.argv[1], ComputeConfig(threads=1, device="auto"))
try:
    engine.generate([Request("0", [{"role": "user", "content": "x"}], 1)])
except ResourceError as error:
    print(error)
"""


VALUES: dict[str, Any] = {
    "tensor_parallel_size": 1, "pipeline_parallel_size": 1, "gpu_memory_utilization": 0.5, "cpu_cache_gib": 1,
    "max_model_len": None, "max_num_batched_tokens": 2048, "enforce_eager": True, "quantization": None,
    "adapter": None, "max_lora_rank": 16,
}  # fmt: skip


@pytest.fixture(scope="module")
def adapter(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter that changes every answer."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    config = LoraConfig(r=8, lora_alpha=64, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    folder = tmp_path_factory.mktemp("adapter")
    get_peft_model(AutoModelForCausalLM.from_pretrained(model), config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def result(model: Path, adapter: Path) -> dict[str, Any]:
    pytest.importorskip("vllm", reason="vLLM is not installed (`make test` installs its CPU build on Linux)")
    arguments = [str(model), json.dumps(VALUES), str(adapter)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=500, cwd=ROOT
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
    assert result["long"]["error"] == "too long"
    assert "256 positions" in result["long"]["detail"]
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
def test_a_schema_is_held_to_where_the_answer_is_whole(result: dict[str, Any]) -> None:
    assert {json.loads(text)["verdict"] for text in result["structured"]} == {"YES", "NO"}


@pytest.mark.slow
def test_a_schema_that_says_nothing_costs_nobody_else(result: dict[str, Any]) -> None:
    assert result["broken schema"] == [None, "bad request", None]


@pytest.mark.slow
def test_a_common_beginning_is_computed_once(result: dict[str, Any]) -> None:
    assert min(result["reused"]) > 100


@pytest.mark.slow
def test_a_stream_that_is_closed_leaves_the_engine_sound(result: dict[str, Any]) -> None:
    assert result["after an early end"]


@pytest.mark.slow
def test_an_adapter_changes_the_answers(result: dict[str, Any]) -> None:
    assert sum(text != answer["text"] for text, answer in zip(result["adapted"], result["greedy"], strict=True)) > 30


def test_a_missing_adapter_is_an_error_with_a_fix(model: Path, tmp_path: Path) -> None:
    values = VllmConfig(**VALUES | {"adapter": str(tmp_path)})
    with pytest.raises(DataError, match="holds no LoRA adapter"):
        open_engine(EngineConfig(name="vllm", vllm=values), model, ComputeConfig(threads=1, device="cpu"))


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_an_error_with_a_fix(tmp_path: Path) -> None:
    pytest.importorskip("vllm", reason="vLLM is not installed (`make test` installs its CPU build on Linux)")
    (tmp_path / "base.json").write_text(json.dumps({"hub_id": "crab-tests/no-such-model", "revision": "main"}))
    done = subprocess.run(
        [sys.executable, "-c", UNREACHABLE, str(tmp_path), json.dumps(VALUES)],
        capture_output=True, text=True, timeout=500, cwd=ROOT, env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert "crab-tests/no-such-model (main): is not in the local cache" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_package_is_an_error_with_a_fix(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)  # what an import of an absent package meets
    values = VllmConfig(**VALUES)
    engine = open_engine(EngineConfig(name="vllm", vllm=values), model, ComputeConfig(threads=1, device="cpu"))
    with pytest.raises(ResourceError, match="engine=transformers"):
        engine.generate([Request("0", [{"role": "user", "content": "x"}], 1)])

"""IFBench through vLLM's CPU build: a real tiny model answers, and the answers are scored."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.conftest import build_model
from tests.engines.test_vllm import VALUES

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from crab.config.benchmarks import IFBenchConfig, PromptsConfig
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, VllmConfig
from crab.engines.base import open_engine
from crab.evaluation.ifbench.benchmark import IFBench
from crab.evaluation.intervals import Bootstrap

model, values, file = sys.argv[1:]
prompts = PromptsConfig(path=file, digest="", dataset=None, get="")
bench = IFBench(IFBenchConfig(prompts=prompts, nltk_data=None, nltk_digest=""))
asked = bench.load()
config = EngineConfig(name="vllm", vllm=VllmConfig(**json.loads(values)))
with open_engine(config, model, ComputeConfig(threads=2, device="auto")) as engine:
    scored = bench.score("tiny", asked, engine.generate(bench.requests(asked, 24)))
summary = bench.summary(asked, {"tiny": scored}, Bootstrap(0, 100, 0.95))
print("RESULT" + json.dumps({"responses": [line.response for line in scored], "summary": summary}))
"""


@pytest.mark.slow
def test_ifbench_through_vllm(tmp_path: Path) -> None:
    pytest.importorskip("vllm", reason="vLLM is not installed (`make test` installs its CPU build on Linux)")
    model = build_model(tmp_path / "model")
    file = tmp_path / "prompts.jsonl"
    asked = [
        ("count:unique_word_count", {"N": 1.0}),
        ("format:no_whitespace", {}),
        ("sentence:increment", {"small_n": 1}),
    ]
    rows = [
        {"key": key, "prompt": f"Write about lamp {key}.", "instruction_id_list": [type_], "kwargs": [kwargs]}
        for key, (type_, kwargs) in enumerate(asked * 4)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(model), json.dumps(VALUES), str(file)],
        capture_output=True,
        text=True,
        timeout=500,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.rpartition("RESULT")[2])
    assert len(found["responses"]) == 12
    assert all(found["responses"])
    tiny = found["summary"]["tiny"]
    assert 1 / 3 <= tiny["prompt_level_strict_acc"]["mean"] <= 2 / 3  # one word is easy, sentences are undecided
    assert tiny["undecided"]["official"] == {"sentence:increment": 4}
    assert tiny["errors"] == 0

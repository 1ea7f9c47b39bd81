"""The guard of general ability, against the library's own loss."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from crab.config.compute import ComputeConfig
from crab.core.records import EvalPrompt
from crab.engines import chat
from crab.evaluation import likelihood
from crab.evaluation.intervals import Bootstrap
from tests.engines.conftest import build_model

CPU = ComputeConfig(threads=1, device="cpu")


def prompt(number: int, answer: str) -> EvalPrompt:
    asked = [{"role": "user", "content": "x"}]
    return EvalPrompt(f"p{number}", f"s{number}", "Name a tool.", asked, (), answer, ())  # type: ignore[arg-type]


PROMPTS = [prompt(0, "A rake, a spade."), prompt(1, "The boats lie still."), prompt(2, "Yeast makes gas. " * 200)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("model"))


def test_bits_are_the_librarys_loss(model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    found = likelihood.measure(model, PROMPTS, CPU)
    tokenizer = chat.load_tokenizer(model)
    made = AutoModelForCausalLM.from_pretrained(model)
    [asked] = chat.encode(tokenizer, [[{"role": "user", "content": "Name a tool."}]])
    for one, line in zip(PROMPTS[:2], found[:2], strict=True):
        answer = tokenizer(one.witness_response, add_special_tokens=False)["input_ids"]
        ids, labels = torch.tensor([[*asked, *answer]]), torch.tensor([[*([-100] * len(asked)), *answer]])
        loss = made(input_ids=ids, labels=labels).loss.item()
        assert line.bits == pytest.approx(loss * len(answer) / math.log(2), rel=1e-4)
        assert line.bytes == len(one.witness_response.encode())
    assert found[2].bytes < len(PROMPTS[2].witness_response)  # cut where the positions end
    assert found == likelihood.measure(model, PROMPTS, CPU)


def test_summary_compares_each_model_with_the_one_before() -> None:
    low = [likelihood.Likelihood(8.0, 8), likelihood.Likelihood(16.0, 8)]
    high = [likelihood.Likelihood(16.0, 8), likelihood.Likelihood(24.0, 8)]
    result = likelihood.summary({"sft": low, "dpo": high}, Bootstrap(0, 200, 0.95))
    assert result["sft"]["bits_per_byte"]["mean"] == 1.5
    assert result["differences"]["dpo-sft"]["bits_per_byte"]["mean"] == 1.0

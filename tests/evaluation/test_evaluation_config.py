"""The `eval` section."""

from __future__ import annotations

from typing import Any

import pytest

from crab.config import section
from crab.config.evaluation import EvalConfig
from crab.core.errors import ConfigError

SOUND: dict[str, Any] = {
    "random_seed": 0,
    "benchmarks": ["heldout"],
    "models": ["base", "sft", "dpo"],
    "split": "heldout",
    "limit": None,
    "max_new_tokens": 72,
    "bootstrap_samples": 2000,
    "confidence": 0.95,
}


def test_a_sound_section_loads() -> None:
    assert section.load("eval", EvalConfig, {"eval": SOUND}).models == ["base", "sft", "dpo"]


def test_every_problem_is_told_at_once() -> None:
    wrong = SOUND | {"models": ["sft", "sft"], "limit": 0, "confidence": 95, "splt": "dev"}
    with pytest.raises(ConfigError) as told:
        section.load("eval", EvalConfig, {"eval": wrong})
    found = str(told.value)
    assert "named more than once: sft" in found
    assert "did you mean 'split'?" in found
    assert len(told.value.problems) == 4


def test_a_benchmark_needs_its_values() -> None:
    with pytest.raises(ConfigError, match="ifeval, but their own values are missing: eval=ifeval"):
        section.load("eval", EvalConfig, {"eval": SOUND | {"benchmarks": ["heldout", "ifeval"]}})
    prompts = {"path": "input_data.jsonl", "digest": "none", "dataset": None, "get": "fetch it"}
    own = {"ifeval": {"prompts": prompts, "nltk_data": None, "nltk_digest": "none"}}
    assert section.load("eval", EvalConfig, {"eval": SOUND | own | {"benchmarks": ["ifeval"]}}).ifeval
    nowhere = own | {"ifeval": own["ifeval"] | {"prompts": prompts | {"path": None}}}
    with pytest.raises(ConfigError, match="neither path nor dataset is set: fetch it"):
        section.load("eval", EvalConfig, {"eval": SOUND | nowhere})

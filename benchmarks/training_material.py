"""Models and rows to measure training on: the default model with the world's rows, a larger one with real ones."""

from __future__ import annotations

import itertools
import json
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from crab.cli import compose
from crab.config import section
from crab.config.dpo import DpoConfig
from crab.config.mix import MixConfig
from crab.config.model import ModelConfig
from crab.config.sft import SftConfig
from crab.core.records import Example, Seed
from crab.data import mix, preferences
from crab.data.preference_prompts import PromptWriter
from crab.data.world import generate
from crab.prompts.chat import document, templates
from crab.synthesis import backtranslate
from crab.training import base, dpo, tokenise
from crab.training.dpo import TokenPair
from crab.training.tokenise import TokenRow

SEED = 0
SHARED = Path(os.environ.get("CRAB_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
REAL = SHARED / "seeds" / "gpt4_1106_preview.jsonl"
REAL_LENGTHS = (5.5, 1.0)
"""Mean and deviation of the logarithm of the real responses' words."""


@dataclass(frozen=True, slots=True)
class Size:
    """A model, and how its runs are cut."""

    overrides: tuple[str, ...]
    """What makes it of the default configuration."""
    real: bool
    """Whether its rows are real ones."""
    records: int
    """Instructions with responses that the rows are made of."""
    pairs: int
    """Preferences, at most: the references of all of them are computed before the clock runs."""
    sft_batch: int
    """Forward rows of a padded step."""
    dpo_batch: int
    sft_block: int
    """Steps of a turn."""
    dpo_block: int


SIZES = {
    "tiny": Size((), real=False, records=400, pairs=400, sft_batch=8, dpo_batch=16, sft_block=6, dpo_block=4),
    "10m": Size(
        (
            "model.base.hidden_size=320", "model.base.num_layers=6", "model.base.num_heads=5",
            "model.base.num_kv_heads=5", "model.base.intermediate_size=864", "model.base.vocabulary_size=8192",
        ),
        real=True, records=120, pairs=24, sft_batch=2, dpo_batch=2, sft_block=1, dpo_block=2,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """What all that are compared are given."""

    model: ModelConfig
    sft: SftConfig
    dpo: DpoConfig
    tokenizer: Any
    forward: list[TokenRow]
    reverse: list[TokenRow]
    pairs: list[TokenPair]
    source: str
    """Where the rows are from, in words."""

    def policy(self) -> Any:
        """The model, freshly initialised and the same for all."""
        return base.build_model(self.model.base, self.tokenizer, SEED).train()


def gather(size: Size) -> Given:
    """Rows by the project's own code, and a tokenizer trained on their texts."""
    params = YAML(typ="safe").load(compose.composed(Path(__file__).parents[1], size.overrides))
    # Values that every loop can share: no schedule, no decay, whose groups of parameters differ between them.
    plain = {"lr_scheduler_type": "constant", "warmup_ratio": 0.0, "min_lr_ratio": 0.0, "weight_decay": 0.0}
    model = section.load("model", ModelConfig, params)
    sft_config = section.load("sft", SftConfig, params | {"sft": params["sft"] | plain})
    dpo_config = section.load("dpo", DpoConfig, params | {"dpo": params["dpo"] | plain})
    mixing = section.load("mix", MixConfig, params)
    seeds, source = _real(size.records) if size.real else (list(generate.pairs(size.records, SEED)), "built-in world")
    examples: list[Example] = [backtranslate.by_rules(seed, SEED, None) for seed in seeds]
    documents = [document.render(seed.instruction, seed.response) for seed in seeds]
    tokenizer = base.build_tokenizer(documents, model.base, templates.load(model.chat_template or ""))
    mixed = mix.build(examples, mixing)
    forward, reverse = (
        tokenise.prepare(rows, tokenizer, model.max_length, "drop").rows for rows in (mixed.forward, mixed.reverse)
    )
    return Given(
        model, sft_config, dpo_config, tokenizer, forward, reverse,
        _pairs(examples, mixing, dpo_config, model, tokenizer)[: size.pairs], source,
    )  # fmt: skip


def _pairs(
    examples: Sequence[Example], mixing: MixConfig, config: DpoConfig, model: ModelConfig, tokenizer: Any
) -> list[TokenPair]:
    """Preferences that need no model to make them."""
    writer = PromptWriter(mixing, config)
    pairs, _ = preferences.from_witness(examples, writer.choose, writer.compose, SEED)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        return dpo.prepare(Path(folder), pairs, config, model).rows


def _real(count: int) -> tuple[list[Seed], str]:
    """Real pairs where they are at hand, else the world's responses strung together to lengths like theirs."""
    if REAL.exists():
        rows = map(json.loads, REAL.read_text(encoding="utf-8").splitlines()[:count])
        return [
            Seed(str(n), "real", row["instruction"], row["output"], "en") for n, row in enumerate(rows)
        ], "real data"
    rng = random.Random(SEED)
    texts = itertools.cycle(seed.response for seed in generate.pairs(count, SEED))
    world = generate.pairs(count, SEED)
    return [_strung(seed, texts, rng.lognormvariate(*REAL_LENGTHS)) for seed in world], "synthetic lengths"


def _strung(seed: Seed, texts: Iterator[str], words: float) -> Seed:
    response = seed.response
    while len(response.split()) < words:
        response += "\n\n" + next(texts)
    return Seed(seed.id, seed.source, seed.instruction, response, seed.language)

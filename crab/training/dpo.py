"""Preference training (DPO) on certified pairs, on TRL's DPOTrainer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.model import ModelConfig
from crab.core.errors import DataError, Problem
from crab.core.records import PreferencePair, Rejected
from crab.data import preference_rows, preferences
from crab.training import hardware, loading, runtime
from crab.training.material import Material
from crab.training.tokenise import Tokens, encode, too_long

if TYPE_CHECKING:
    from crab.training.loop import LogStep

RECORD = PreferencePair


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A preference as tokens."""

    prompt: Tokens
    chosen: Tokens
    rejected: Tokens

    @property
    def length(self) -> int:
        return len(self.prompt) + max(len(self.chosen), len(self.rejected))


@dataclass(frozen=True, slots=True)
class PreparedPairs:
    """Pairs that fit, pairs that did not, and how many fit only after a cut."""

    rows: list[TokenPair]
    rejected: list[Rejected]
    cut: int


def make(material: Material) -> preferences.Built:
    """Pairs from wherever `dpo.source` says."""
    config = material.config
    if config.pairs is not None:
        return preference_rows.read(config.pairs, config.source, config.random_seed)
    examples = material.examples()
    if config.source == "witness":
        writer = material.writer
        return preferences.from_witness(examples, writer.choose, writer.compose, config.random_seed)
    prompts = material.prompts(examples)
    return preferences.from_samples(prompts, material.samples(prompts))


def prepare(policy: Path, pairs: Sequence[PreferencePair], config: DpoConfig, model: ModelConfig) -> PreparedPairs:
    """Tokenise pairs and deal with those above `dpo.max_length`: dropped, or both responses cut at their end."""
    tokenizer = loading.load_tokenizer(policy, model.about.access)
    chosen = encode(tokenizer, [(pair.prompt, pair.chosen) for pair in pairs])
    rejected = encode(tokenizer, [(pair.prompt, pair.rejected) for pair in pairs])
    result = PreparedPairs([], [], 0)
    cut = 0
    for pair, (good, good_boundary), (bad, bad_boundary) in zip(pairs, chosen, rejected, strict=True):
        boundary = min(good_boundary, bad_boundary)
        length = max(len(good), len(bad))
        if reason := too_long(length, boundary, config.max_length, config.overlong):
            result.rejected.append(
                Rejected("dpo", reason, f"{length} tokens, at most {config.max_length}", asdict(pair))
            )
            continue
        cut += length > config.max_length
        end = config.max_length
        result.rows.append(TokenPair(good[:boundary], good[boundary:end], bad[boundary:end]))
    return PreparedPairs(result.rows, result.rejected, cut)


def train(
    policy: Path,
    pairs: Sequence[TokenPair],
    config: DpoConfig,
    model: ModelConfig,
    compute: ComputeConfig,
    place: Path,
    save_seconds: float,
    output: Path,
    log_step: LogStep,
) -> dict[str, float]:
    """Train an SFT model on prepared pairs and save it to `output`; it is its own reference.

    The reference's log-probabilities are computed once, before the first step, also when a killed run goes on.

    Args:
        policy: models/sft.
        pairs: From `prepare`.
        config: The `dpo` section.
        model: The `model` section.
        compute: The `compute` section.
        place: The work folder; a killed run goes on from the checkpoints that it left there.
        save_seconds: Time between checkpoints.
        output: Where the model goes.
        log_step: Gets step and metrics, about a hundred times a run.

    Returns:
        Counts, and the reward metrics of the last epoch; a pure function of the arguments.

    Raises:
        ResourceError: The machine cannot hold the model.
        DataError: There are no pairs.
        CrabError: The first step's reward margin is not 0, the loss stopped being a number, or a stop was asked for.
    """
    if not pairs:
        raise DataError(
            Problem("data/preferences.jsonl", "no pairs to train on", "raise dpo.prompts or dpo.samples_per_prompt")
        )
    device = runtime.configure(compute)
    hardware.require(model, compute, "training")

    from crab.training import export, preference

    tokenizer = loading.load_tokenizer(policy, model.about.access)
    bf16 = loading.uses_bf16(model, device)
    trainer = preference.fit(
        loading.load_policy(policy, model, device), tokenizer, pairs, config, model.lora, bf16, device, place,
        save_seconds, log_step,
    )  # fmt: skip
    export.save(trainer, tokenizer, output, bf16)
    return {"pairs": len(pairs), "steps": trainer.state.global_step, **trainer.final_rewards()}

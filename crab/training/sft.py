"""Supervised fine-tuning on forward and reverse rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crab.config.compute import ComputeConfig
from crab.config.model import ModelConfig
from crab.config.sft import SftConfig
from crab.core.errors import DataError, Problem
from crab.core.records import TrainingRow
from crab.training import hardware, loading, runtime, tokenise
from crab.training.tokenise import Prepared, TokenRow

if TYPE_CHECKING:
    from crab.training.loop import LogStep


def prepare(base: Path, rows: Sequence[TrainingRow], config: SftConfig, model: ModelConfig) -> Prepared:
    """Tokenise rows for a base model, and set aside those that are too long; see `tokenise.prepare`."""
    tokenizer = loading.load_tokenizer(base, model.about.access)
    return tokenise.prepare(rows, tokenizer, model.max_length, config.overlong, config.answers)


def train(
    base: Path,
    forward: Sequence[TokenRow],
    reverse: Sequence[TokenRow],
    config: SftConfig,
    model: ModelConfig,
    compute: ComputeConfig,
    place: Path,
    save_seconds: float,
    output: Path,
    log_step: LogStep,
) -> dict[str, float]:
    """Train a base model on prepared rows and save it to `output`.

    Args:
        base: models/base.
        forward: Rows of the forward task, and general ones, which count as forward.
        reverse: Rows of the reverse task.
        config: The `sft` section.
        model: The `model` section.
        compute: The `compute` section.
        place: The work folder; a killed run goes on from the checkpoints that it left there.
        save_seconds: Time between checkpoints.
        output: Where the model goes.
        log_step: Gets step and metrics, about a hundred times a run.

    Returns:
        Counts, and the losses of the last epoch; a pure function of the arguments.

    Raises:
        ResourceError: The machine cannot hold the model, or the hub model cannot be reached.
        DataError: There is nothing to train on.
        CrabError: The loss stopped being a number, or the run was asked to stop.
    """
    device = runtime.configure(compute)
    hardware.require(model, compute, "training")

    from crab.training import export, objective, supervised

    capacity = model.max_length if config.packing else None
    goal = objective.weighted(
        forward, reverse, config.forward_weight, config.aux_weight, config.normalize, config.random_seed, capacity
    )
    if not goal.terms or not goal.lengths:
        raise DataError(
            Problem(
                "data/crab",
                f"{len(forward)} forward and {len(reverse)} reverse rows with weights {config.forward_weight} and "
                f"{config.aux_weight} leave nothing to train on",
                "check the mix; without forward rows use sft.normalize=tokens",
            )
        )
    tokenizer = loading.load_tokenizer(base, model.about.access)
    policy = loading.load_policy(base, model, device)
    bf16 = loading.uses_bf16(model, device)
    trainer = supervised.fit(
        policy,
        tokenizer,
        goal,
        config,
        model.lora,
        config.random_seed,
        bf16,
        device,
        place,
        "sft",
        save_seconds,
        log_step,
        capacity,
    )
    export.save(trainer, tokenizer, output, bf16)
    return {
        "steps": trainer.state.global_step,
        "sequences": len(goal.lengths),
        "forward_rows": len(forward),
        "reverse_rows": len(reverse),
        "forward_completion_tokens": sum(row.completion_tokens for row in forward),
        "reverse_completion_tokens": sum(row.completion_tokens for row in reverse),
        "read_tokens": goal.tokens * config.epochs,
        **trainer.final_losses(),
    }

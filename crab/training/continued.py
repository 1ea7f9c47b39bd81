"""More supervised fine-tuning of the SFT model, with the `dpo` section's optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.model import ModelConfig
from crab.core.errors import DataError, Problem
from crab.core.records import TrainingRow
from crab.training import hardware, loading, runtime, tokenise
from crab.training.tokenise import Prepared, TokenRow

if TYPE_CHECKING:
    from crab.training.loop import LogStep


def prepare(policy: Path, rows: Sequence[TrainingRow], config: DpoConfig, model: ModelConfig) -> Prepared:
    """Tokenise rows and deal with those above `dpo.max_length`; see `tokenise.prepare`."""
    tokenizer = loading.load_tokenizer(policy, model.about.access)
    prepared = tokenise.prepare(rows, tokenizer, config.max_length, config.overlong)
    return replace(prepared, rejected=[replace(line, stage="dpo") for line in prepared.rejected])


def train(
    policy: Path,
    rows: Sequence[TokenRow],
    config: DpoConfig,
    model: ModelConfig,
    compute: ComputeConfig,
    place: Path,
    save_seconds: float,
    output: Path,
    log_step: LogStep,
) -> dict[str, float]:
    """Train an SFT model on prepared rows and save it to `output`.

    Args:
        policy: models/sft.
        rows: From `prepare`.
        config: The `dpo` section.
        model: The `model` section.
        compute: The `compute` section.
        place: The work folder; a killed run goes on from the checkpoints that it left there.
        save_seconds: Time between checkpoints.
        output: Where the model goes.
        log_step: Gets step and metrics, about a hundred times a run.

    Returns:
        Counts, and the loss of the last epoch; a pure function of the arguments.

    Raises:
        ResourceError: The machine cannot hold the model.
        DataError: There are no rows.
        CrabError: The loss stopped being a number, or a stop was asked for.
    """
    if not rows:
        raise DataError(
            Problem("data/preferences.jsonl", "no rows to train on", "raise dpo.prompts, or keep more (dpo.best_of_n)")
        )
    device = runtime.configure(compute)
    hardware.require(model, compute, "training")

    from crab.training import export, objective, supervised

    tokenizer = loading.load_tokenizer(policy, model.about.access)
    bf16 = loading.uses_bf16(model, device)
    trainer = supervised.fit(
        loading.load_policy(policy, model, device), tokenizer, objective.plain(rows), config, model.lora,
        config.random_seed, bf16, device, place, "dpo", save_seconds, log_step,
    )  # fmt: skip
    export.save(trainer, tokenizer, output, bf16)
    losses = trainer.final_losses()
    return {"rows": len(rows), "steps": trainer.state.global_step, "loss": losses["forward_loss"]}

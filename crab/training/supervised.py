"""One supervised run: pre-training and fine-tuning differ in their rows only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trl.trainer.sft_config import SFTConfig as TrlSftConfig

from crab.config.model import LoraConfig
from crab.config.optimiser import OptimiserConfig
from crab.training import loop
from crab.training.objective import Objective, ObjectiveTrainer


def fit(
    model: Any,
    tokenizer: Any,
    objective: Objective,
    config: OptimiserConfig,
    lora: LoraConfig | None,
    seed: int,
    bf16: bool,
    device: str,
    place: Path,
    name: str,
    save_seconds: float,
    log_step: loop.LogStep,
    capacity: int | None = None,
) -> ObjectiveTrainer:
    """Train `model` on the objective, going on where a killed run stopped; returns the trainer with the model.

    With a capacity rows are packed into sequences of so many tokens.
    """
    trainer = ObjectiveTrainer(
        objective,
        tokenizer,
        capacity,
        model=model,
        args=TrlSftConfig(
            **loop.arguments(config, len(objective.lengths), place / "checkpoints", seed, bf16, device),
            max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True},  # rows come tokenised
        ),
        peft_config=loop.adapters(lora),
    )
    loop.run(trainer, name, save_seconds, log_step)
    return trainer

"""What every training run says about its optimiser: shared by the `base`, `sft` and `dpo` sections and by `model`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.section import Section


class OptimiserConfig(Section):
    """AdamW with warm-up and decay; the names are those of TRL's arguments where it has one."""

    learning_rate: float = Field(gt=0)
    lr_scheduler_type: Literal["cosine", "linear", "constant"]
    warmup_ratio: float = Field(ge=0, lt=1)
    """Share of all steps in which the learning rate rises from 0."""
    min_lr_ratio: float = Field(ge=0, lt=1)
    """Where a cosine ends, as a share of the learning rate."""
    weight_decay: float = Field(ge=0)
    adam_beta2: float = Field(gt=0, lt=1)
    max_grad_norm: float = Field(gt=0)
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    """Rows (with packing: sequences) in one forward pass of one process."""
    accumulation_steps: int = Field(ge=1)
    """Forward passes per optimiser step, shared by all processes; changes memory, not the objective."""
    gradient_checkpointing: bool
    """Less memory for about a third more time."""

    @model_validator(mode="after")
    def _floor_needs_cosine(self) -> OptimiserConfig:
        if self.min_lr_ratio and self.lr_scheduler_type != "cosine":
            raise ValueError(f"min_lr_ratio = {self.min_lr_ratio} needs lr_scheduler_type = cosine")
        return self

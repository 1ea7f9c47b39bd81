"""The `sft` section: supervised fine-tuning with the auxiliary objective."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.optimiser import OptimiserConfig


class SftConfig(OptimiserConfig):
    """L = forward_weight * L_forward + aux_weight * L_reverse."""

    start: str | None
    """A folder with a checkpoint that is trained in the place of models/base; relative paths start at the main
    checkout."""
    start_digest: str
    """Hash of its content, so that a changed checkpoint reruns the stage."""
    epochs: int = Field(ge=0)
    """0: the checkpoint of `start` becomes models/sft as it is, and preference training begins there."""
    random_seed: int
    """Draws the order of the rows and the initial adapters."""
    aux_weight: float = Field(ge=0)
    """alpha: weight of the reverse task (instruction, response) -> constraints; 0: forward-only training."""
    forward_weight: float = Field(ge=0)
    """w: 1, but for the ablation without the forward task."""
    normalize: Literal["per_task", "tokens"]
    """`per_task`: each term is the mean over its own completion tokens of the optimiser step; forward rows define the
    step, reverse rows ride along. `tokens`: one weighted mean over the completion tokens of ordinarily mixed rows."""
    answers: Literal["last", "all"]
    """The loss is on the `last` answer of a row, or on `all`, those of demonstrations and general conversations too."""
    packing: bool
    """Rows share sequences of `model.max_length` tokens, and `batch_size` counts sequences; no row sees another one."""
    overlong: Literal["drop", "cut"]
    """Rows above `model.max_length`: dropped, or cut at the completion's end (then without an end-of-turn)."""

    @model_validator(mode="after")
    def _no_epochs_of_nothing(self) -> SftConfig:
        if self.epochs == 0 and self.start is None:
            raise ValueError("epochs = 0 trains nothing: name the checkpoint that is there already, start=FOLDER")
        return self

    @model_validator(mode="after")
    def _some_weight(self) -> SftConfig:
        if self.aux_weight == 0 and self.forward_weight == 0:
            raise ValueError("aux_weight and forward_weight are both 0: nothing would be trained")
        return self

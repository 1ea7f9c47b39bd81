"""The `dpo` section: where preferences come from, and how they are trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.optimiser import OptimiserConfig


class DpoConfig(OptimiserConfig):
    """Preferences that the checkers certify, and TRL's DPO on them."""

    random_seed: int
    """Draws prompts, samples, the order of the pairs and the initial adapters."""
    source: Literal["onpolicy", "witness"]
    """`onpolicy`: samples of the SFT model, ranked by constraints met; `witness`: a response against one that fails."""
    prompts: int = Field(ge=1)
    """Training prompts from which preferences are made."""
    max_constraints: int = Field(ge=1)
    """A prompt states 1 to this many constraints, each number as often as the others."""
    samples_per_prompt: int = Field(ge=2)
    temperature: float = Field(gt=0)
    max_new_tokens: int = Field(ge=1)
    """Longest sampled response."""
    loss_type: Literal["sigmoid", "hinge", "ipo", "robust", "sigmoid_norm", "apo_zero", "apo_down"]
    """TRL's name of the preference loss; `sigmoid` is DPO as published."""
    label_smoothing: float = Field(ge=0, lt=0.5)
    """Share of labels taken to be wrong; `robust` divides by 1 - 2 * this, the others ignore it."""
    beta: float = Field(gt=0)
    """Higher: less drift from the SFT model."""
    nll_weight: float = Field(ge=0)
    """Weight of the chosen response's negative log-likelihood; at small size it keeps the text from degrading."""
    max_length: int = Field(ge=16)
    """Longest prompt with response, in tokens."""
    overlong: Literal["drop", "cut"]
    """Pairs above `max_length`: dropped, or both responses cut at their end."""

    @model_validator(mode="after")
    def _smoothing_is_used(self) -> DpoConfig:
        if self.label_smoothing and self.loss_type != "robust":
            raise ValueError(f"label_smoothing = {self.label_smoothing} needs loss_type = robust")
        return self

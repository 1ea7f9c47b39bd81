"""The `base` section: how a model that is built on the spot gets pre-trained."""

from __future__ import annotations

from pydantic import Field

from crab.config.optimiser import OptimiserConfig


class BaseConfig(OptimiserConfig):
    """Pre-training on the train split's text, as plain documents without any chat format."""

    random_seed: int
    """Draws the initial weights, the documents and their order."""
    max_tokens: int = Field(ge=1)
    """Documents are drawn until their tokens reach this; an epoch goes once over them."""

"""Which constraints of a record are used, shared by the training mix and the held-out prompts."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from crab.config.section import Section


class SelectionConfig(Section):
    """A weighted draw without replacement from a record's verified constraints."""

    weights: dict[str, float]
    """Weight by type (`items:num_bullets`) or category (`items`); the type wins, but a category of 0 leaves all of its
    types out. A type may stand in its category too, `items: {num_bullets: 0}`, and wins there: a command line takes no
    colon in a name, but `+mix.selection.weights.items.num_bullets=0`."""
    default_weight: float = Field(ge=0)
    """Weight of everything that `weights` does not name."""
    min_bits: float = Field(ge=0)
    """Least information; what nearly every good response meets anyway teaches and tells nothing."""

    @field_validator("weights", mode="before")
    @classmethod
    def _types_in_their_categories(cls, weights: Any) -> Any:
        if not isinstance(weights, dict):
            return weights
        inner = {name: types for name, types in weights.items() if isinstance(types, dict)}
        named = {f"{name}:{type_}": weight for name, types in inner.items() for type_, weight in types.items()}
        return {name: weight for name, weight in weights.items() if name not in inner} | named

    @model_validator(mode="after")
    def _weights_make_sense(self) -> SelectionConfig:
        if negative := sorted(name for name, weight in self.weights.items() if weight < 0):
            raise ValueError(f"weights must not be negative: {', '.join(negative)}")
        if self.default_weight == 0 and not any(self.weights.values()):
            raise ValueError("all weights are 0, so nothing could be drawn")
        return self

    def weight(self, type_: str) -> float:
        """Weight of a constraint type."""
        category = self.weights.get(type_.partition(":")[0])
        if category == 0:
            return 0.0
        return self.weights.get(type_, self.default_weight if category is None else category)

"""The `mix` section: which constraints training sees, how many, and in what form. Applied in sft."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.section import Section
from crab.config.selection import SelectionConfig

Layout = Literal["sentences", "lines", "dashes", "numbers", "before"]


class CountConfig(Section):
    """How many constraints a forward row states: `low..high` with probability `share`, else 1..all."""

    low: int = Field(ge=0)
    high: int = Field(ge=0)
    share: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> CountConfig:
        if self.low > self.high:
            raise ValueError(f"low = {self.low} is above high = {self.high}")
        return self


class DemonstrationsConfig(Section):
    """Worked examples as earlier chat turns."""

    share: float = Field(ge=0, le=1)
    """Share of forward rows that carry demonstrations."""
    max_shots: int = Field(ge=1)
    """1 to this many, each number as often as the others."""


class ReverseConfig(Section):
    """Rows of the auxiliary task (instruction, response) -> constraints."""

    share: float = Field(ge=0, le=1)
    """Share of the records that give a reverse row."""
    seeds: Literal["shared", "disjoint"]
    """`shared`: such a record gives a forward row too; `disjoint`: a record serves one direction only."""


class MixConfig(Section):
    """From verified records to training rows."""

    name: str
    random_seed: int
    max_records: int | None = Field(ge=1)
    """Records used, drawn at random; null: all."""
    count: CountConfig
    selection: SelectionConfig
    layouts: dict[Layout, float] = Field(min_length=1)
    """How a prompt states its constraints, with the weight of each way."""
    refined_share: float = Field(ge=0, le=1)
    """How often a refined instruction takes the place of the original, where the record has one."""
    demonstrations: DemonstrationsConfig
    reverse: ReverseConfig
    false_share: float = Field(ge=0, le=1)
    """Share of the stated constraints with a number that get another one, false of their response: the study of
    unverified constraints. Only training rows: not preferences, not evaluation."""

    @model_validator(mode="after")
    def _layouts_make_sense(self) -> MixConfig:
        if min(self.layouts.values()) < 0 or not any(self.layouts.values()):
            raise ValueError("layouts need weights of 0 or more, and one above 0")
        return self

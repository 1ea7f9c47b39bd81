"""The `verify` section: what a constraint must show before it may be trained on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crab.config.section import Section


class VerifyConfig(Section):
    """Thresholds of the verification."""

    random_seed: int
    max_overlap: float = Field(gt=0, le=1)
    """ROUGE-L F1 of two constraints of one record above which the less informative one is dropped."""
    max_leaked_words: int = Field(ge=1)
    """Longest run of response words, absent from the instruction, that a constraint's text may hold."""
    information_responses: int = Field(ge=1)
    """Other responses of the corpus that each constraint is tried on, for its information in bits."""
    sibling_responses: int = Field(ge=0)
    """Other responses to the same instruction that it is tried on, at most."""
    stated: Literal["proved", "not_false", "all"]
    """Constraints that came with the data: `proved` must show what any other must; `not_false` stay unless a checker
    or the judge finds them false; `all` stay as stated. Only certified ones reach evaluation and preferences."""
    sibling_prior: float = Field(gt=0)
    """How many sibling responses the corpus estimate is worth when both speak about one constraint."""

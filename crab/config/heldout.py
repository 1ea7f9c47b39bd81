"""The `heldout` section: our own evaluation prompts, laid down by verify, untouched by a change of the mix."""

from __future__ import annotations

from pydantic import Field

from crab.config.section import Section
from crab.config.selection import SelectionConfig


class HeldoutConfig(Section):
    """How prompts are drawn from held-out (and dev) records."""

    random_seed: int
    prompts: int = Field(ge=1)
    """Prompts per split, at most; fewer where the split holds fewer records."""
    unseen_prompts: int = Field(ge=0)
    """Prompts per split, at most, whose constraints are all of the types that the `unseen` section holds out."""
    max_constraints: int = Field(ge=1, le=8)
    """Prompts carry 1 to this many constraints, each number as often as the others."""
    chance_responses: int = Field(ge=1)
    """Other good responses (siblings first) that are scored on each prompt, for the chance row."""
    selection: SelectionConfig

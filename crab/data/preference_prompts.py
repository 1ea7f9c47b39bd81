"""Which training records preferences are made from, and what their prompts ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crab.config.dpo import DpoConfig
from crab.config.mix import MixConfig
from crab.core import randomness
from crab.core.records import Constraint, Example, Message
from crab.data import mix as mixing
from crab.data.choose import choose


@dataclass(frozen=True, slots=True)
class PromptWriter:
    """Chooses a record's constraints and writes its prompt, in the ways of the mix; pure in the record."""

    mix: MixConfig
    dpo: DpoConfig

    def draw(self, examples: Sequence[Example]) -> list[Example]:
        """The records, `dpo.prompts` of them, by hash; not the order in which SFT met them."""
        seed = self.dpo.random_seed
        ranked = sorted(examples, key=lambda e: (randomness.fraction(seed, "preference", e.id), e.id))
        return ranked[: self.dpo.prompts]

    def choose(self, example: Example) -> list[Constraint]:
        """1 to `dpo.max_constraints` constraints that a program can check, each number as often as the others."""
        rng = randomness.rng(self.dpo.random_seed, "preference constraints", example.id)
        count = rng.randint(1, self.dpo.max_constraints)
        checkable = [constraint for constraint in example.constraints if constraint.certified]
        return choose(checkable, count, self.mix.selection, rng)

    def compose(self, example: Example, constraints: Sequence[Constraint]) -> list[Message]:
        """The prompt, in one of the mix's layouts."""
        rng = randomness.rng(self.dpo.random_seed, "preference prompt", example.id)
        return mixing.compose(example, constraints, self.mix, rng)

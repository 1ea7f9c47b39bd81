"""What the preference algorithms begin with: prompts whose constraints are known, and answers to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crab.config.dpo import DpoConfig
from crab.config.mix import MixConfig
from crab.core.records import Example
from crab.data.preference_prompts import PromptWriter
from crab.data.preferences import PreferencePrompt, Sample
from crab.engines.base import Engine
from crab.training.sampling import sample


@dataclass(frozen=True, slots=True)
class Material:
    """Where an algorithm takes what it needs; nothing is read or loaded before."""

    config: DpoConfig
    mix: MixConfig
    read: Callable[[], Sequence[Example]]
    """The verified training records, without unseen constraint types."""
    open_engine: Callable[[], Engine]
    """Over the SFT model."""
    place: Path
    """The work folder."""

    @property
    def writer(self) -> PromptWriter:
        return PromptWriter(self.mix, self.config)

    def examples(self) -> list[Example]:
        """The records that prompts are made from."""
        return self.writer.draw(self.read())

    def prompts(self, examples: Sequence[Example]) -> list[PreferencePrompt]:
        """One prompt a record; one whose draw left no constraint has none."""
        writer = self.writer
        chosen = [(example, tuple(writer.choose(example))) for example in examples]
        return [PreferencePrompt(e.id, writer.compose(e, constraints), constraints) for e, constraints in chosen]

    def samples(self, prompts: Sequence[PreferencePrompt]) -> list[list[Sample]]:
        """The SFT model's answers to each prompt."""
        config = self.config
        with self.open_engine() as engine:
            return sample(
                engine,
                prompts,
                config.samples_per_prompt,
                config.max_new_tokens,
                config.temperature,
                config.random_seed,
                self.place,
            )

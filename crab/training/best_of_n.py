"""A control for preference training: more fine-tuning, on the best of the SFT model's own samples."""

from __future__ import annotations

from crab.core.records import Rejected, TrainingRow
from crab.data import preference_answers
from crab.training.continued import prepare, train
from crab.training.material import Material

__all__ = ["RECORD", "make", "prepare", "train"]

RECORD = TrainingRow


def make(material: Material) -> tuple[list[TrainingRow], list[Rejected]]:
    """A row for each prompt with a sample that is worth learning."""
    config = material.config
    assert config.best_of_n is not None  # the section's validator saw to it
    prompts = material.prompts(material.examples())
    return preference_answers.best(prompts, material.samples(prompts), config.best_of_n.keep, config.random_seed)

"""A control for preference training: more fine-tuning, on the responses that the records came with."""

from __future__ import annotations

from crab.core.records import Rejected, TrainingRow
from crab.data import preference_answers
from crab.training.continued import prepare, train
from crab.training.material import Material

__all__ = ["RECORD", "make", "prepare", "train"]

RECORD = TrainingRow


def make(material: Material) -> tuple[list[TrainingRow], list[Rejected]]:
    """A row for each prompt that states something."""
    examples = material.examples()
    return preference_answers.original(material.prompts(examples), {e.id: e.response for e in examples})

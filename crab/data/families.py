"""Seen and unseen constraint families: what training may state, and what is kept for evaluation alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from crab.config.unseen import UnseenConfig
from crab.core.records import Example


def seen(examples: Iterable[Example], unseen: UnseenConfig) -> list[Example]:
    """The records without their constraints of held-out types."""
    return [_with(example, unseen, held_out=False) for example in examples]


def held_out(examples: Iterable[Example], unseen: UnseenConfig) -> list[Example]:
    """The records with their constraints of held-out types only."""
    return [_with(example, unseen, held_out=True) for example in examples]


def _with(example: Example, unseen: UnseenConfig, held_out: bool) -> Example:
    kept = (constraint for constraint in example.constraints if unseen.holds(constraint.type) is held_out)
    return replace(example, constraints=tuple(kept))

"""Choosing which of a record's verified constraints are used."""

from __future__ import annotations

import random
from collections.abc import Sequence

from crab import constraints as registry
from crab.config.selection import SelectionConfig
from crab.core.records import Constraint


def eligible(constraints: Sequence[Constraint], selection: SelectionConfig) -> list[Constraint]:
    """Those with a weight above 0 and enough information; order kept."""
    return [
        constraint
        for constraint in constraints
        if selection.weight(constraint.type) > 0 and (constraint.bits is None or constraint.bits >= selection.min_bits)
    ]


def choose(
    constraints: Sequence[Constraint], count: int, selection: SelectionConfig, rng: random.Random
) -> list[Constraint]:
    """Draw `count` constraints (fewer where there are fewer) without replacement, in random order.

    A weighted draw by exponential keys (Efraimidis and Spirakis 2006): P(first) is proportional to the weight.
    A constraint that implies an earlier one, or is implied by it, is passed over: it would say the same twice.
    """
    candidates = eligible(constraints, selection)
    keys = [rng.random() ** (1 / selection.weight(constraint.type)) for constraint in candidates]
    drawn: list[Constraint] = []
    for _, index in sorted(((key, index) for index, key in enumerate(keys)), reverse=True):
        if len(drawn) == count:
            break
        candidate = candidates[index]
        if not any(registry.implies(candidate, other) or registry.implies(other, candidate) for other in drawn):
            drawn.append(candidate)
    rng.shuffle(drawn)
    return drawn

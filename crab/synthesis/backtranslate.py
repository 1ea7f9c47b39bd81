"""From a response to the constraints that it already meets (teacher: rules)."""

from __future__ import annotations

import dataclasses

from crab import constraints
from crab.core import randomness
from crab.core.records import Example, Rejected, Seed


def by_rules(seed: Seed, random_seed: int, max_phrasings: int | None) -> Example:
    """Measure a response and state what holds of it; every constraint is true of it by construction.

    Args:
        seed: The pair.
        random_seed: Decides parameters where a type offers a choice, and phrasings.
        max_phrasings: How many phrasings of each type are used; None for all.
    """
    own_seed = randomness.rng(random_seed, "derive", seed.id).getrandbits(32)
    derived = constraints.derive(seed.response, seed.instruction, random_seed=own_seed, max_phrasings=max_phrasings)
    fields = {field.name: getattr(seed, field.name) for field in dataclasses.fields(Seed)}
    return Example(**fields, constraints=tuple(derived))


def without_constraints(example: Example) -> Rejected | None:
    """The line that says why a record goes no further; None when it does."""
    if example.constraints:
        return None
    return Rejected(
        stage="backtranslate",
        reason="no constraint",
        detail="no type of the registry found anything to state about the response",
        record={"id": example.id, "instruction": example.instruction, "response": example.response},
    )

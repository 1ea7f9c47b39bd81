"""False numbers, for the study of unverified constraints: what a training row states is made false of its response.

In the reference data 35 % of the rule-made constraints are false of their own response. Here the share is chosen, and
nothing else changes: the same rows state the same constraints in the same words, with another number.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crab import constraints as registry
from crab.constraints.phrasing import Form, Number, Params, fill
from crab.constraints.quantity import round_down, round_up
from crab.constraints.registry import TYPES
from crab.core import randomness
from crab.core.records import Constraint, Example


@dataclass
class Numbers:
    """Checkable constraints with a number, counted each time that a row states one."""

    stated: int = 0
    made_false: int = 0
    left_true: int = 0
    """Were to be made false, but no other number does it."""


@dataclass(frozen=True)
class Falsifier:
    """Changes numbers in a share of the constraints; which ones is decided by hash, so a larger share adds to them."""

    share: float
    random_seed: int
    numbers: Numbers = dataclasses.field(default_factory=Numbers)
    """What it has done so far."""

    def state(self, example: Example, constraints: Sequence[Constraint]) -> list[Constraint]:
        """The constraints as a row of this record is to state them, in order."""
        return [self._stated(example, constraint) for constraint in constraints]

    def _stated(self, example: Example, constraint: Constraint) -> Constraint:
        if not number_slots(constraint):
            return constraint
        self.numbers.stated += 1
        purpose = ("false number", example.id, constraint.type, constraint.text)
        if randomness.fraction(self.random_seed, *purpose) >= self.share:
            return constraint
        if not registry.check(constraint, example.response).satisfied:
            return constraint  # came so with its data
        false = falsified(constraint, example.response, randomness.rng(self.random_seed, *purpose))
        if false is None:
            self.numbers.left_true += 1
            return constraint
        self.numbers.made_false += 1
        return false


def number_slots(constraint: Constraint) -> list[str]:
    """Names of the parameters that are numbers; none for what no program checks."""
    kind = TYPES.get(constraint.type)
    if kind is None:
        return []
    return [name for name, slot in kind.form(constraint.params).slots.items() if isinstance(slot, Number)]


def falsified(constraint: Constraint, response: str, rng: random.Random) -> Constraint | None:
    """The constraint with another number, false of the response under every reading; None where no number does it.

    The number is near the true one and as round; the sentence is the same one where it is one of ours.

    Args:
        constraint: With a number, and true of the response.
        response: What it is to be false of.
        rng: Chooses between a larger and a smaller number.
    """
    form = TYPES[constraint.type].form(constraint.params)
    own = [template for template in form.phrasings if fill(template, form, constraint.params) == constraint.text]
    template = own[0] if own else rng.choice(form.phrasings)
    names = number_slots(constraint)
    moved = [names] if {"low", "high"} <= {*names} else [[name] for name in names]
    nearest = [
        next(_false_ones(constraint, form, template, group, sign, response), None)
        for group in moved
        for sign in (1, -1)
    ]
    options = [one for one in nearest if one is not None]
    return rng.choice(options) if options else None


def _false_ones(
    constraint: Constraint, form: Form, template: str, names: list[str], sign: int, response: str
) -> Iterator[Constraint]:
    """With these numbers moved up or down, ever further, as far as the type allows it."""
    for distance in _distances(form, constraint.params, names, sign):
        params = constraint.params | {name: _moved(constraint.params[name], sign * distance) for name in names}
        one = dataclasses.replace(constraint, params=params, text=fill(template, form, params))
        if not form.problems(params) and _reads_back(one) and not any(registry.check_readings(one, response).values()):
            yield one


def _distances(form: Form, params: Params, names: list[str], sign: int) -> Iterator[int]:
    """1, 2, 4 and so on, and what reaches the least or the largest number."""
    slots = {name: slot for name, slot in form.slots.items() if isinstance(slot, Number) and name in names}
    ends = {name: slot.most if sign > 0 else slot.least for name, slot in slots.items()}
    furthest = min(abs(end - params[name]) for name, end in ends.items())
    distance = 1
    while distance < furthest:
        yield distance
        distance *= 2
    if furthest:
        yield furthest


def _moved(number: int, by: int) -> int:
    """A number moved at least so far; a round one stays round."""
    if round_down(number) != number:
        return number + by
    return round_up(number + by) if by > 0 else round_down(number + by)


def _reads_back(constraint: Constraint) -> bool:
    parsed: Constraint | None = registry.parse(constraint.text)
    return parsed is not None and (parsed.type, parsed.params) == (constraint.type, constraint.params)

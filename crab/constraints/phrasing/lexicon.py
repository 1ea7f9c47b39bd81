"""The table of all sentences that can be read, and what each means."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crab.constraints.phrasing.forms import Form, fill, variants
from crab.constraints.phrasing.levelling import EITHER, QUOTED
from crab.constraints.phrasing.skeleton import skeleton
from crab.constraints.phrasing.slots import Choice, Params, Value


@dataclass(frozen=True)
class _Bound:
    """A value that fills a slot, after `added` was added to it."""

    slot: str
    added: int


@dataclass(frozen=True)
class _Meaning:
    """What a skeleton says: a type, a form of it, and where each value goes."""

    type: str
    form: Form
    chosen: tuple[tuple[str, Any], ...]
    parts: tuple[_Bound | Value, ...]
    """For each value taken out: the slot that it fills, or the value that must stand there."""

    def params(self, values: Sequence[Value]) -> Params | None:
        if len(values) != len(self.parts):  # no reading loses one
            return None
        params: Params = {**self.form.fixed, **dict(self.chosen)}
        for part, value in zip(self.parts, values, strict=True):
            if not isinstance(part, _Bound):
                if part != value:
                    return None
                continue
            found = self.form.slots[part.slot].read(value)
            if part.added and found is not None:
                found -= part.added
            if found is None or params.setdefault(part.slot, found) != found:
                return None
        return None if self.form.problems(params) else params

    def excludes(self, other: _Meaning) -> bool:
        """Whether no sentence can mean both: somewhere one wants a value that the other does not take."""
        return any(
            not (self._takes(mine, theirs) if isinstance(mine, _Bound) else other._takes(theirs, mine))
            for mine, theirs in zip(self.parts, other.parts, strict=True)
        )

    def _takes(self, part: _Bound | Value, value: _Bound | Value) -> bool:
        if not isinstance(part, _Bound):
            return part == value
        if isinstance(value, _Bound):
            return True
        slot = self.form.slots[part.slot]
        return (found := slot.read(value)) is not None and slot.problem(found) is None


class Lexicon:
    """All sentences that can be read."""

    def __init__(self, forms: Mapping[str, Sequence[Form]]) -> None:
        """Make the table.

        Args:
            forms: The forms of each type.

        Raises:
            ValueError: Two templates look alike and mean different things, or one does not show all of its slots.
        """
        self._meanings: dict[str, list[_Meaning]] = {}
        for name, type_forms in forms.items():
            for form in type_forms:
                for template in (*form.phrasings, *form.hearings):
                    self._learn(name, form, template)

    def _learn(self, name: str, form: Form, template: str) -> None:
        choices = {slot: list(kind.styles) for slot, kind in form.slots.items() if isinstance(kind, Choice)}
        samples = {slot: kind.sample(index) for index, (slot, kind) in enumerate(form.slots.items())}
        for chosen in itertools.product(*choices.values()):
            fixed = dict(zip(choices, chosen, strict=True))
            numbers = (False, True) if "[" in template else (True,)
            for variant, plural in itertools.product(variants(template), numbers):
                found = skeleton(fill(variant, form, {**samples, **fixed}, plural))
                assert found is not None
                left, values = found
                parts = tuple(_bind(value, form, samples) for value in values)
                bound = {part.slot for part in parts if isinstance(part, _Bound)}
                if bound | {*fixed} != {*form.slots}:
                    raise ValueError(f"{name}: {variant!r} does not show every slot")
                meaning = _Meaning(name, form, tuple(fixed.items()), parts)
                # A list joined with "or" may be a single quotation, or joined with commas alone.
                for heard in {left, left.replace(EITHER, QUOTED)}:
                    self._remember(heard, meaning, variant)

    def _remember(self, left: str, meaning: _Meaning, template: str) -> None:
        known = self._meanings.setdefault(left, [])
        for other in known:
            if other != meaning and not other.excludes(meaning):
                raise ValueError(f"{meaning.type}: {template!r} reads like a sentence of {other.type}: {left!r}")
        if meaning not in known:
            known.append(meaning)

    def read(self, text: str) -> tuple[str, Params] | None:
        """The type and parameters that a sentence states, or None."""
        found = skeleton(text)
        if found is None:
            return None
        left, values = found
        for meaning in self._meanings.get(left, ()):
            if (params := meaning.params(values)) is not None:
                return meaning.type, params
        return None


def _bind(value: Value, form: Form, samples: Mapping[str, Any]) -> _Bound | Value:
    for name, sample in samples.items():
        found = form.slots[name].read(value)
        if isinstance(found, int) and isinstance(sample, int) and abs(found - sample) <= 1:
            return _Bound(name, found - sample)
        if found is not None and found == sample:
            return _Bound(name, 0)
    return value

"""Sentences with slots, and how they are filled."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from crab.constraints.phrasing.slots import Slot, added


@dataclass(frozen=True)
class Form:
    """One shape that a type's parameters can take, with the sentences that say it."""

    slots: Mapping[str, Slot]
    phrasings: tuple[str, ...]
    """Sentences that we write, at least six; the first ones are the plainest."""
    hearings: tuple[str, ...] = ()
    """More ways in which people say the same; understood, never written."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that tell this form from the type's others, e.g. `{"relation": "at least"}`."""

    def fits(self, params: Mapping[str, Any]) -> bool:
        """Whether parameters are this form's, not another's of the same type."""
        return all(
            type(params.get(name)) is type(value) and params[name] == value for name, value in self.fixed.items()
        )

    def problems(self, params: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Everything wrong with parameters that fit: (name, what)."""
        known = {*self.fixed, *self.slots}
        found = [(name, "is missing") for name in self.slots if name not in params]
        found += [(str(name), "is unknown") for name in params if name not in known]
        found += [
            (name, problem)
            for name, slot in self.slots.items()
            if name in params and (problem := slot.problem(params[name])) is not None
        ]
        if not found and "low" in params and params["low"] >= params["high"]:
            found.append(("high", f"{params['high']} is not more than low, {params['low']}"))
        return found


_SLOT = re.compile(r"\{(\w+)(?::([^}]*))?\}")
_AGREEMENT = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")
_PIECES = re.compile(r"(\{[^}]*\}|\[[^\]]*\|[^\]]*\])")
_ALTERNATIVES = re.compile(r"\(([^()]*\|[^()]*)\)")
_BAR = re.compile(r"\|(?![^\[\]]*\])")  # not the one inside [one|many]


@cache
def _pieces(template: str) -> tuple[tuple[str, str, str], ...]:
    """A template taken apart: ("", text, ""), ("slot", name, style), ("agreement", one, many)."""
    pieces = []
    for piece in _PIECES.split(template):
        if slot := _SLOT.fullmatch(piece):
            pieces.append(("slot", slot[1], slot[2] or ""))
        elif agreement := _AGREEMENT.fullmatch(piece):
            pieces.append(("agreement", agreement[1], agreement[2]))
        else:
            pieces.append(("", piece, ""))
    return tuple(pieces)


def fill(template: str, form: Form, params: Mapping[str, Any], plural: bool | None = None) -> str:
    """A template as a sentence.

    Args:
        template: Without alternatives.
        form: Whose slots the template names.
        params: A value for each slot.
        plural: Which half of every `[one|many]`; None: as the numbers ask.
    """
    written: list[str] = []
    numbers: list[tuple[int, bool]] = []  # where in `written`, and whether many
    agreements: list[tuple[int, str, str]] = []
    for kind, text, detail in _pieces(template):
        if kind == "slot":
            value = params[text]
            if isinstance(value, int | list):
                amount = value + added(detail) if isinstance(value, int) else len(value)
                numbers.append((len(written), amount != 1))
            text = form.slots[text].write(value, detail)
        elif kind == "agreement":
            agreements.append((len(written), text, detail))
        written.append(text)
    for place, one, many in agreements:
        before = [is_many for where, is_many in numbers if where < place]
        after = [is_many for where, is_many in numbers if where > place]
        is_many = (before[-1] if before else after[0] if after else True) if plural is None else plural
        written[place] = many if is_many else one
    sentence = "".join(written)
    return sentence[:1].upper() + sentence[1:]


def render(form: Form, params: Mapping[str, Any], rng: random.Random, max_phrasings: int | None = None) -> str:
    """One of the form's first `max_phrasings` sentences (all of them: None), filled with the parameters."""
    return fill(rng.choice(form.phrasings[:max_phrasings]), form, params)


def variants(template: str) -> Iterator[str]:
    """A template without its alternatives: one template for each combination."""
    if not (match := _ALTERNATIVES.search(template)):
        yield template
        return
    for option in _BAR.split(match[1]):
        yield from variants(template[: match.start()] + option + template[match.end() :])

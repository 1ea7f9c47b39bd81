"""What a constraint type is: four functions that share typed parameters."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crab.constraints.phrasing import Form, Params
from crab.core.text import Measures

AS_WRITTEN = "as written"
"""The only reading of what can be read in one way."""


Rng = Callable[[], random.Random]
"""Gives a type's own generator, always the same one, made at the first call: most types have nothing to say."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a checker saw."""

    satisfied: bool
    measured: str
    """The fact, e.g. `4 bullet points`."""
    asked: str = ""
    """What would have satisfied, e.g. `at least 5`; empty where the fact says it all."""

    @property
    def reason(self) -> str:
        return f"{self.measured}, {self.asked} asked" if self.asked else self.measured


@dataclass(frozen=True)
class Type:
    """A type that a program can decide. Rendering and parsing come from the phrasings of its forms."""

    paper: str
    """The paper's category (table 4 of arXiv 2410.24175)."""
    meaning: str
    """When a response satisfies it, in one sentence; what the checker does."""
    example: Params
    forms: tuple[Form, ...]
    derive: Callable[[Measures, Measures, Rng], list[Params]]
    """(response, instruction, random numbers) -> parameters that hold of the response under every reading."""
    check: Callable[[Measures, Params, str], Finding]
    """(response, parameters, reading) -> what was found."""
    readings: tuple[str, ...] = (AS_WRITTEN,)
    """Ways to read the unit; the first one is canonical."""
    implies: Callable[[Params, Params], bool] = operator.eq
    """Whether whoever satisfies the first parameters satisfies the second."""
    ifeval: str = ""
    """The published id of IFEval's type that this one corresponds to."""
    breaks: tuple[str, ...] = ()
    """Names of edits (`crab.constraints.edits`) that break it with least change; others are tried after them."""

    def form(self, params: Mapping[str, Any]) -> Form:
        """The form that parameters belong to, whether or not the rest of them is sound.

        Raises:
            LookupError: They belong to none.
        """
        for form in self.forms:
            if form.fits(params):
                return form
        raise LookupError(f"no form for {params}")


@dataclass(frozen=True)
class Judged:
    """A type that only a reader can decide: it has a place in the taxonomy, and no checker."""

    paper: str
    meaning: str
    example: str

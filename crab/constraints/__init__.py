"""Constraints that a program can state, check and read back: pure, fast, and never wrong about their own response.

The public interface::

    from crab import constraints

    constraints.derive(response, instruction)   # what holds of a response, each with a sentence and a witness
    constraints.check(constraint, response)     # a verdict with a reason
    constraints.parse("Keep it under 200 words.")  # a constraint, or None
    constraints.types()                         # the taxonomy

A constraint that `derive` returns has been proved: its checker passes under every reading of its unit, its sentence
parses back to equal parameters, and it gives away no span of six or more words of the response that the instruction
lacks. Nothing here is random but what the random seed decides, nothing is downloaded, nothing is read from the
environment.
"""

from __future__ import annotations

import copy
import difflib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any

from crab.constraints.kinds import Type
from crab.constraints.phrasing import Form, Lexicon, Params, fill, render
from crab.constraints.registry import JUDGED, TYPES
from crab.core import randomness
from crab.core.errors import ParameterError, Problem
from crab.core.records import Constraint, Verdict
from crab.core.text import Measures, measures

__all__ = ["TypeInfo", "check", "check_all", "check_each", "check_readings", "derive", "implies", "parse", "types"]

LEAK_WORDS = 6
"""A run of so many words of the response in a constraint's sentence gives the answer away."""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What the taxonomy says about a type."""

    name: str
    """`category:name`."""
    paper_category: str
    checkable: bool
    """Whether a program decides it; otherwise a judge has to."""
    example: str
    """A sentence that states one."""
    meaning: str
    ifeval: str = ""
    """The id of IFEval's corresponding type."""

    @property
    def category(self) -> str:
        return self.name.partition(":")[0]


def derive(
    response: str, instruction: str = "", random_seed: int = 0, max_phrasings: int | None = None
) -> list[Constraint]:
    """State what holds of a response.

    Args:
        response: The text that is the witness.
        instruction: What it answers; decides which words are worth asking for or forbidding, and what leaks.
        random_seed: Decides thresholds, words and phrasings where there is a choice.
        max_phrasings: Use only the first so many sentences of each form; None for all.

    Returns:
        Constraints in the order of the registry, each true of the response under every reading.

    Raises:
        ParameterError: `max_phrasings` is less than 1.
    """
    if max_phrasings is not None and max_phrasings < 1:
        raise ParameterError(Problem("max_phrasings", f"is {max_phrasings}", "at least 1, or None for all"))
    m, told = measures(response), measures(instruction)
    digest = hashlib.sha256(m.text.encode()).hexdigest()
    constraints = []
    for name, kind in TYPES.items():
        rng = cache(partial(randomness.rng, random_seed, "phrasing", name, digest))
        for params in kind.derive(m, told, rng):
            text = render(kind.form(params), params, rng(), max_phrasings)
            if constraint := _prove(name, kind, params, text, m, told):
                constraints.append(constraint)
    return constraints


def _prove(name: str, kind: Type, params: Params, text: str, m: Measures, told: Measures) -> Constraint | None:
    """The constraint, if it is true under every reading, reads back as it was meant, and gives nothing away."""
    findings = [kind.check(m, params, reading) for reading in kind.readings]
    if not all(finding.satisfied for finding in findings) or _read(text) != (name, params):
        return None
    if _leaks(text, m, told):
        return None
    return Constraint(type=name, params=params, text=text, witness=findings[0].measured)


def _leaks(text: str, m: Measures, told: Measures) -> bool:
    words = Measures(text).lower_words
    run = 0  # words in a row that the response has at all: most sentences need no closer look
    for end, word in enumerate(words, 1):
        run = run + 1 if word in m.vocabulary else 0
        if run >= LEAK_WORDS:
            span = f" {' '.join(words[end - LEAK_WORDS : end])} "
            if span in m.spoken and span not in told.spoken:
                return True
    return False


def check(constraint: Constraint, response: str) -> Verdict:
    """Decide whether a response satisfies a constraint, by the canonical reading of its unit.

    Raises:
        ParameterError: The type is unknown or not checkable, or its parameters are not sound.
    """
    return _verdict(_checkable(constraint), constraint, measures(response))


def check_all(constraints: Iterable[Constraint], response: str) -> list[Verdict]:
    """The verdict on each constraint, in order; the response is measured once. Raises as `check` does."""
    m = measures(response)
    return [_verdict(_checkable(constraint), constraint, m) for constraint in constraints]


def check_each(constraint: Constraint, responses: Iterable[str]) -> list[Verdict]:
    """The verdict on each response, in order; the parameters are validated once. Raises as `check` does."""
    kind = _checkable(constraint)
    return [_verdict(kind, constraint, measures(response)) for response in responses]


def _verdict(kind: Type, constraint: Constraint, m: Measures) -> Verdict:
    finding = kind.check(m, constraint.params, kind.readings[0])
    return Verdict(finding.satisfied, finding.reason)


def check_readings(constraint: Constraint, response: str) -> dict[str, bool]:
    """Whether the response satisfies the constraint under each reading of its unit, the canonical one first.

    Raises:
        ParameterError: As `check` does.
    """
    kind, m = _checkable(constraint), measures(response)
    return {reading: kind.check(m, constraint.params, reading).satisfied for reading in kind.readings}


def parse(text: str) -> Constraint | None:
    """Read a sentence as a constraint; None unless it is known for sure what it asks."""
    if (found := _read(text)) is None:
        return None
    name, params = found
    return Constraint(type=name, params=copy.deepcopy(params), text=text)


def implies(a: Constraint, b: Constraint) -> bool:
    """Whether every response that satisfies `a` satisfies `b`, as far as one type can tell.

    "At least 50" implies "at least 40" and itself; constraints of different types imply nothing of each other, and a
    judged one implies only its equal.

    Raises:
        ParameterError: As `check` does.
    """
    if a.type != b.type:
        return False
    if a.type in JUDGED:
        return a.params == b.params and a.text == b.text
    _checkable(b)
    return _checkable(a).implies(a.params, b.params)


def types() -> list[TypeInfo]:
    """The taxonomy: every checkable type in the order of the registry, then the judged ones."""
    return [
        TypeInfo(
            name=name,
            paper_category=kind.paper,
            checkable=True,
            example=fill(kind.form(kind.example).phrasings[0], kind.form(kind.example), kind.example),
            meaning=kind.meaning,
            ifeval=kind.ifeval,
        )
        for name, kind in TYPES.items()
    ] + [
        TypeInfo(name=name, paper_category=kind.paper, checkable=False, example=kind.example, meaning=kind.meaning)
        for name, kind in JUDGED.items()
    ]


@cache
def _lexicon() -> Lexicon:
    return Lexicon({name: kind.forms for name, kind in TYPES.items()})


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[str, Params] | None:
    return _lexicon().read(text)


def _checkable(constraint: Constraint) -> Type:
    kind = TYPES.get(constraint.type)
    if kind is None:
        if constraint.type in JUDGED:
            raise ParameterError(Problem(constraint.type, "no program decides this type", "ask a judge"))
        close = difflib.get_close_matches(constraint.type, TYPES, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "see crab.constraints.types()"
        raise ParameterError(Problem(repr(constraint.type), "unknown constraint type", hint))
    _sound_form(constraint.type, kind, constraint.params)
    return kind


def _sound_form(name: str, kind: Type, params: dict[str, Any]) -> Form:
    """The form that the parameters belong to.

    Raises:
        ParameterError: With everything that is wrong with them.
    """
    try:
        form = kind.form(params)
    except LookupError:
        key = next(iter(kind.forms[0].fixed))
        allowed = ", ".join(repr(form.fixed[key]) for form in kind.forms)
        found = f"{key} is {params[key]!r}" if key in params else f"{key} is missing"
        raise ParameterError(Problem(name, found, f"one of {allowed}")) from None
    if problems := form.problems(params):
        known = ", ".join((*form.fixed, *form.slots)) or "none"
        raise ParameterError([Problem(name, f"{key}: {what}", f"parameters: {known}") for key, what in problems])
    return form

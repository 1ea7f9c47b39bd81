"""Constraints that a program can state, check and read back: pure, fast, and never wrong about their own response.

The public interface::

    from crab import constraints

    constraints.derive(response, instruction)   # what holds of a response, each with a sentence and a witness
    constraints.check(constraint, response)     # a verdict with a reason
    constraints.parse("Keep it under 200 words.")  # a constraint, or None
    constraints.parse_all("Use 3 bullets. No commas.")  # a constraint for each part, or none at all
    constraints.mutate(constraint, response)    # small edits of the response that break just this constraint
    constraints.types()                         # the taxonomy

A type is named as `types()` names it, or by IFEval's published id, with the published arguments (`published`).

A constraint that `derive` returns has been proved: its checker passes under every reading of its unit, its sentence
parses back to equal parameters, and it gives away no span of six or more words of the response that the instruction
lacks. Nothing here is random but what the random seed decides, nothing is downloaded, nothing is read from the
environment.
"""

from __future__ import annotations

import copy
import difflib
import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from crab.constraints import mutation, published
from crab.constraints.kinds import Type
from crab.constraints.mutation import Mutation
from crab.constraints.phrasing import Form, Lexicon, Params, fill, read_all, render
from crab.constraints.published import PUBLISHED
from crab.constraints.registry import JUDGED, TYPES
from crab.core import randomness
from crab.core.errors import ParameterError, Problem
from crab.core.records import Constraint, Verdict
from crab.core.text import Measures, lower_words, measures

__all__ = [
    "Mutation",
    "TypeInfo",
    "check",
    "check_all",
    "check_each",
    "check_readings",
    "derive",
    "implies",
    "mutate",
    "parse",
    "parse_all",
    "types",
]

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
        rng = _OwnRng(random_seed, "phrasing", name, digest)
        for params in kind.derive(m, told, rng):
            text = render(kind.form(params), params, rng(), max_phrasings)
            if constraint := _prove(name, kind, params, text, m, told):
                constraints.append(constraint)
    return constraints


class _OwnRng:
    """A type's generator, made when it is first asked for: most types have nothing to say about a response."""

    __slots__ = ("_made", "_purpose", "_random_seed")

    def __init__(self, random_seed: int, *purpose: str) -> None:
        self._random_seed = random_seed
        self._purpose = purpose
        self._made: random.Random | None = None

    def __call__(self) -> random.Random:
        if self._made is None:
            self._made = randomness.rng(self._random_seed, *self._purpose)
        return self._made


def _prove(name: str, kind: Type, params: Params, text: str, m: Measures, told: Measures) -> Constraint | None:
    """The constraint, if it is true under every reading, reads back as it was meant, and gives nothing away."""
    findings = [kind.check(m, params, reading) for reading in kind.readings]
    if not all(finding.satisfied for finding in findings) or _read(text) != (name, params):
        return None
    if _leaks(text, m, told):
        return None
    return Constraint(type=name, params=params, text=text, witness=findings[0].measured)


def _leaks(text: str, m: Measures, told: Measures) -> bool:
    words = _words_of(text)
    run = 0  # words in a row that the response has at all: most sentences need no closer look
    for end, word in enumerate(words, 1):
        run = run + 1 if word in m.vocabulary else 0
        if run >= LEAK_WORDS:
            span = f" {' '.join(words[end - LEAK_WORDS : end])} "
            if span in m.spoken and span not in told.spoken:
                return True
    return False


@lru_cache(maxsize=4096)  # like `_read`: many responses are told the same
def _words_of(sentence: str) -> list[str]:
    return lower_words(sentence.lower())


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


def check_each(constraint: Constraint, responses: Iterable[str | Measures]) -> list[Verdict]:
    """The verdict on each response, in order; the parameters are validated once. Raises as `check` does."""
    kind = _checkable(constraint)
    measured = (measures(response) if isinstance(response, str) else response for response in responses)
    return [_verdict(kind, constraint, m) for m in measured]


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


def mutate(
    constraint: Constraint, response: str, keep: Sequence[Constraint] = (), random_seed: int = 0
) -> Iterator[Mutation]:
    """Small edits of a response that break a constraint, best first; each is proved by the checkers.

    Args:
        constraint: What every edited response fails, under every reading.
        response: What is edited. One that does not meet the constraint has nothing to break: no edits.
        keep: What every edited response still meets, under every reading; those that the response does not meet under
            every reading are left aside.
        random_seed: Decides the places of the edits.

    Raises:
        ParameterError: As `check` does, for any of the constraints.
    """
    m = measures(response)
    target = (_checkable(constraint), constraint.params)
    others = [(_checkable(other), other.params) for other in keep]
    if not mutation.holds(target, m):
        return iter(())
    return mutation.mutations(target, m.text, [other for other in others if mutation.holds(other, m)], random_seed)


def parse(text: str) -> Constraint | None:
    """Read a sentence as a constraint; None unless it is known for sure what it asks."""
    if (found := _read(text)) is None:
        return None
    name, params = found
    return Constraint(type=name, params=copy.deepcopy(params), text=text)


def parse_all(text: str) -> list[Constraint]:
    """Read a text of several constraints, each part as one; none at all unless every part is known for sure.

    "Use at least 3 bullet points and no commas. Answer in Spanish." gives three constraints, each with its own words.
    """
    return read_all(parse, text)


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
    if published.is_meant(constraint.type, constraint.params):
        for name, params in published.typed(constraint.type, constraint.params):
            _sound_form(name, TYPES[name], params)
        return published.as_type(constraint.type)
    kind = TYPES.get(constraint.type)
    if kind is None:
        if constraint.type in JUDGED:
            raise ParameterError(Problem(constraint.type, "no program decides this type", "ask a judge"))
        close = difflib.get_close_matches(constraint.type, [*TYPES, *PUBLISHED], n=1)
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

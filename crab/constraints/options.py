"""Answers that choose one of a few."""

from __future__ import annotations

from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, Phrases
from crab.core.text import Measures

_ALONE, _CONTAINED = "nothing else", "somewhere"
_AROUND = " \t\n.!\"'“”*_`"
_SETS: Final = (
    ("yes", "no"),
    ("yes", "no", "maybe"),
    ("true", "false"),
    ("positive", "negative"),
    ("positive", "negative", "neutral"),
    ("agree", "disagree"),
    ("A", "B", "C", "D"),
    ("My answer is yes.", "My answer is no.", "My answer is maybe."),
)
"""Options that we know of; those of other answers would be guesses."""


def _bare(text: str) -> str:
    return " ".join(text.lower().split()).strip(_AROUND)


def _derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if len(m.body) > 40:
        return []
    answer = _bare(m.body)
    sets = [options for options in _SETS if answer in map(_bare, options)]
    if not sets:
        return []
    options = [*rng().choice(sets)]
    return [{"options": options}] if _check(m, {"options": options}, _CONTAINED).satisfied else []


def _check(m: Measures, params: Params, reading: str) -> Finding:
    asked = "one of " + ", ".join(f'"{option}"' for option in params["options"])
    answer = _bare(m.body)
    for option in params["options"]:
        if answer == _bare(option) or (reading == _CONTAINED and option in m.body):
            return Finding(True, f'the answer is "{option}"')
    return Finding(False, f'the answer is "{m.body[:60]}"', asked)


one_of = Type(
    paper="Special output format",
    meaning="The response is one of the options and nothing else; letter case and marks around it aside.",
    example={"options": ["yes", "no"]},
    derive=_derive,
    check=_check,
    readings=(_ALONE, _CONTAINED),
    implies=lambda a, b: {*map(_bare, a["options"])} <= {*map(_bare, b["options"])},
    ifeval="detectable_format:constrained_response",
    forms=(
        Form(
            slots={"options": Phrases()},
            phrasings=(
                "Answer with one of these options and nothing else: {options:or}.",
                "Your answer must be one of {options:or}.",
                "Reply with {options:or}, and say no more.",
                "Choose one of {options:or} as the whole answer.",
                "The response should be just one of the following: {options:or}.",
                "Only these answers are allowed: {options:or}.",
            ),
            hearings=(
                "use one of the following options(:|) {options:or}",
                "(answer|respond|reply) with one of the following(| options)(:|) {options:or}",
                "(answer|respond|reply) (only with|with only|with just) {options:or}",
            ),
        ),
    ),
)

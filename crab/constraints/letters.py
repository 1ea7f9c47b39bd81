"""Single letters: how often one occurs, and texts that do without one. Letter case never matters."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from crab.constraints.frequency import how_often
from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params
from crab.constraints.phrasing.slots import Value
from crab.constraints.quantity import AT_LEAST, AT_MOST, number_of, propose
from crab.constraints.sparing import sparingly
from crab.core.text import Measures, once

READINGS: Final = ("as written", "accents aside")
"""Whether "é" counts as an "e"."""

_RARE: Final = "qzxjkvbpgwyfm"  # a number of one of these says something; e, t and a are everywhere
_LIPOGRAM: Final = "qzxjkvbpgwyfmculdrhsnioate"  # rarest first
_ENOUGH = 200  # characters; in a shorter text it is no feat to do without a letter


@dataclass(frozen=True)
class Letter:
    """One visible character to be quoted."""

    def problem(self, value: Any) -> str | None:
        if not isinstance(value, str) or len(value) != 1:
            return f"{value!r} is not a single letter"
        if value.isspace() or value == '"' or not value.isprintable():
            return f"{value!r} is no visible character that can stand in quotation marks"
        return None

    def write(self, value: Any, style: str) -> str:
        return f'"{value}"'

    def read(self, found: Value) -> str | None:
        return found[0] if isinstance(found, tuple) and len(found) == 1 else None

    def sample(self, index: int) -> str:
        return "∂"


@once
def _letters(m: Measures, reading: str) -> str:
    """The text as letters are looked for in it."""
    return m.lower if reading == "as written" or m.text.isascii() else unicodedata.normalize("NFKD", m.lower)


def _count(m: Measures, letter: str, reading: str) -> int:
    return _letters(m, reading).count(letter.lower())


def _derive_frequency(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    present = [letter for letter in _RARE if _count(m, letter, READINGS[0]) >= 3]
    if not present:
        return []
    letter = rng().choice(present)
    amounts = propose([_count(m, letter, reading) for reading in READINGS], rng, (AT_LEAST, AT_LEAST, AT_MOST))
    return [{"letter": letter, **amount} for amount in amounts]


_frequency = how_often(
    breaks=("drop_named", "add_named", "drop_sentence"),
    paper="Keywords",
    meaning="How often the letter occurs, in either case and inside words, stands in the relation to n.",
    noun="letter",
    slot=Letter(),
    called=("the letter", "the character", "letter"),
    example="q",
    count=_count,
    readings=READINGS,
    derive=_derive_frequency,
    ifeval="keywords:letter_frequency",
)
frequency = sparingly(_frequency, 0.4)


def _derive_without(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if len(m.text) < _ENOUGH:
        return []
    absent = [letter for letter in _LIPOGRAM if not any(letter in _letters(m, reading) for reading in READINGS)]
    # The commonest of the absent letters is the feat; a text in another script does without them all.
    return [{"letter": absent[-1]}] if absent and len(absent) < len(_LIPOGRAM) / 2 else []


def _check_without(m: Measures, params: Params, reading: str) -> Finding:
    count = _count(m, params["letter"], reading)
    return Finding(not count, f'"{params["letter"]}" {number_of(count, "time", "times")}', "none" if count else "")


_without = Type(
    breaks=("add_named",),
    paper="Morphology",
    meaning="The letter occurs nowhere, in neither case.",
    example={"letter": "z"},
    derive=_derive_without,
    check=_check_without,
    readings=READINGS,
    forms=(
        Form(
            slots={"letter": Letter()},
            phrasings=(
                "Do not use the letter {letter}.",
                "Write without the letter {letter}.",
                "The letter {letter} must not occur anywhere.",
                "Use no word that contains the letter {letter}.",
                "Compose the text without a single {letter} in it.",
                "Your answer must be free of the letter {letter}.",
            ),
            hearings=(
                "the letter {letter} must not (appear|be used|be present)(| at all| anywhere)",
                "not use (|any )words (that contain|containing|with) the letter {letter}",
                "(leave out|omit|exclude) the letter {letter}",
            ),
        ),
    ),
)

without = sparingly(_without, 0.3)

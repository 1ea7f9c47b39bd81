"""The shortest word that the response has."""

from __future__ import annotations

from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params
from crab.constraints.quantity import number_of
from crab.core.text import Measures

_READINGS: Final = ("word characters", "between spaces")
_FEWEST_WORDS: Final = 3  # to derive; in a shorter text it is chance


def _shortest(m: Measures, reading: str) -> int:
    words = m.spaced_vocabulary if reading == "between spaces" else m.words(reading)
    return min((len(word) for word in words if word), default=0)


def _derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    fewest = min(_shortest(m, reading) for reading in _READINGS) if m.word_count() >= _FEWEST_WORDS else 0
    return [{"n": fewest}] if fewest >= 3 else []


def _check(m: Measures, params: Params, reading: str) -> Finding:
    found = _shortest(m, reading)
    shown = f"{number_of(found, 'character', 'characters')} in the shortest word" if found else "no word"
    return Finding(found >= params["n"], shown, f"at least {params['n']}")


least_characters_per_word = Type(
    breaks=("say_digit", "say_first_person", "say_short_word"),
    paper="Characters per word",
    meaning="Every word has at least n characters, and there is a word; punctuation around a word does not count.",
    example={"n": 3},
    derive=_derive,
    check=_check,
    readings=_READINGS,
    implies=lambda a, b: a["n"] >= b["n"],
    forms=(
        Form(
            slots={"n": Number(least=1)},
            phrasings=(
                "Every word should have at least {n} [character|characters].",
                "No word may be shorter than {n} [character|characters].",
                "Use only words of at least {n} [character|characters].",
                "Leave out every word of fewer than {n} [character|characters].",
                "Choose words that run to {n} [character|characters] or more.",
                "Words below {n} [character|characters] are off limits.",
            ),
            hearings=tuple(
                template.replace("LETTERS", unit)
                for unit in ("[character|characters]", "[letter|letters]")
                for template in (
                    "every word must use at least {n} LETTERS",
                    "not use words (of |with |)under {n} LETTERS",
                    "the words of every (answer|response) must (use|be) at least {n} LETTERS",
                )
            ),
        ),
    ),
)

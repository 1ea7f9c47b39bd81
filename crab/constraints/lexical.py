"""What the choice of words is like: short ones, different ones, the same one twice in a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params
from crab.constraints.quantity import number_of
from crab.constraints.shape import shape
from crab.constraints.sparing import sparingly
from crab.core.text import Measures, once

READINGS: Final = ("word characters", "between spaces")
"""Runs of word characters; what stands between spaces, without the punctuation around it."""

_FEWEST = 30  # words; a share of fewer says little


@once
def _words(m: Measures, reading: str) -> list[str]:
    if reading == "word characters":
        return m.lower_words
    return [word for word in m.spaced_words if word]


@dataclass(frozen=True)
class _Share:
    """Words out of all words."""

    part: int
    whole: int

    @property
    def percent(self) -> float:
        return 100 * self.part / self.whole if self.whole else 0

    def reaches(self, percent: int) -> bool:
        return 100 * self.part >= percent * self.whole > 0

    def __str__(self) -> str:
        return f"{self.part} of {number_of(self.whole, 'word', 'words')}"


def _share(
    paper: str,
    meaning: str,
    example: Params,
    what: str,
    form: Form,
    share: Callable[[Measures, Params, str], _Share],
    settings: Callable[[Rng], Params],
    breaks: tuple[str, ...] = (),
) -> Type:
    """A type that asks that at least so many percent of the words are of a kind, settled by other parameters."""

    def derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
        if len(m.lower_words) < _FEWEST:
            return []
        params = settings(rng)
        percent = min(int(share(m, params, reading).percent) for reading in READINGS)
        rounded = (percent - rng().choice((0, 0, 2))) // 5 * 5
        return [{"percent": rounded, **params}] if 20 <= rounded <= 95 else []

    def check(m: Measures, params: Params, reading: str) -> Finding:
        found = share(m, params, reading)
        return Finding(found.reaches(params["percent"]), f"{found} {what}", f"at least {params['percent']} percent")

    kind = Type(
        paper=paper,
        meaning=meaning,
        example=example,
        forms=(form,),
        derive=derive,
        check=check,
        readings=READINGS,
        implies=lambda a, b: {**a, "percent": 0} == {**b, "percent": 0} and a["percent"] >= b["percent"],
        breaks=breaks,
    )
    return sparingly(kind, 0.4)


_PERCENT: Final = Number(least=1, most=100)


# -- short words -----------------------------------------------------------------------------------------------------


def _short(m: Measures, params: Params, reading: str) -> _Share:
    words = _words(m, reading)
    return _Share(sum(map(params["n"].__ge__, map(len, words))), len(words))


short_words = _share(
    breaks=("say_long_word", "join_words"),
    paper="Characters per word",
    meaning="At least the given share of the words has at most n characters; punctuation around a word does not count.",
    example={"percent": 60, "n": 5},
    what="are short enough",
    share=_short,
    settings=lambda rng: {"n": rng().choice((4, 5, 6))},
    form=Form(
        slots={"percent": _PERCENT, "n": Number(least=1)},
        phrasings=(
            "At least {percent} percent of the words should have at most {n} [letter|letters].",
            "Let no fewer than {percent}% of your words be {n} [letter|letters] long or shorter.",
            "Choose short words: at least {percent} percent of them with {n} [letter|letters] or fewer.",
            "A minimum of {percent} percent of all words must not be longer than {n} [letter|letters].",
            "Words of up to {n} [letter|letters] should make up at least {percent} percent of the text.",
            "I want {percent} percent or more of the words to have no more than {n} [letter|letters].",
        ),
    ),
)


# -- different words -------------------------------------------------------------------------------------------------


def _distinct(m: Measures, params: Params, reading: str) -> _Share:
    words = _words(m, reading)
    return _Share(len(set(words)), len(words))


distinct_words = _share(
    breaks=("double_word", "add_words", "repeat_sentence"),
    paper="Keywords",
    meaning="The number of different words is at least the given share of the number of words, whatever their case.",
    example={"percent": 60},
    what="are different",
    share=_distinct,
    settings=lambda rng: {},
    form=Form(
        slots={"percent": _PERCENT},
        phrasings=(
            "Vary your vocabulary: the number of different words should be at least {percent} percent of all words.",
            "At least {percent} percent of the words should be different ones.",
            "Let the distinct words make up no fewer than {percent}% of all words.",
            "Repeat yourself little: {percent} percent or more of the words must be different ones.",
            "The share of unique words should be at least {percent} percent.",
            "A minimum of {percent} percent of your words must be distinct.",
        ),
        hearings=(
            "at least {percent} percent of (the|your|all) words must be (distinct|different|unique)(| ones| words)",
        ),
    ),
)


# -- twice in a row --------------------------------------------------------------------------------------------------


def _look_doubled(m: Measures, reading: str) -> Finding:
    words = _words(m, reading)
    doubled = next((a for a, b in pairwise(words) if a == b), "")
    if not words:
        return Finding(False, "no word")
    return Finding(not doubled, f'"{doubled} {doubled}"' if doubled else "no word twice in a row")


no_doubled_word = sparingly(
    shape(
        breaks=("double_word",),
        paper="Grammatical structure",
        meaning="No word follows directly upon itself, whatever its case and the punctuation between.",
        look=_look_doubled,
        readings=READINGS,
        when=lambda m: len(m.lower_words) >= _FEWEST,
        phrasings=(
            "No word should appear twice in a row.",
            "Do not use the same word twice in a row.",
            "Never let a word follow directly upon itself.",
            "Two neighbouring words must not be the same.",
            "Avoid repeating a word right after itself.",
            "There should not be any doubled words.",
        ),
        hearings=("not repeat (a|any|the same) word (twice in a row|right after itself|consecutively)",),
    ),
    0.2,
)

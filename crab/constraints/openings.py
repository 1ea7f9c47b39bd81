"""How sentences begin: not all alike."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from crab.constraints.edge_words import first_word
from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.length import in_prose
from crab.constraints.phrasing import Form, Params
from crab.constraints.sparing import sparingly
from crab.core.text import SENTENCE_READINGS, Measures, once

_IN_A_ROW, _AT_ALL = "in a row", "at all"
_FEWEST = 4  # sentences; fewer begin differently by chance


@once
def _first_words(m: Measures, reading: str) -> list[str]:
    return [first_word(m.text[start:end]) for start, end in m.sentences(reading)]


def _repeated(words: list[str], scope: str) -> str:
    """A word that begins two sentences (two in a row), or ""."""
    if scope == _IN_A_ROW:
        return next((a for a, b in pairwise(words) if a == b), "")
    return next((word for word, count in Counter(words).items() if count > 1), "")


def _derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if not in_prose(m) or min(len(m.sentences(reading)) for reading in SENTENCE_READINGS) < _FEWEST:
        return []
    for scope in (_AT_ALL, _IN_A_ROW):
        if not any(_repeated(_first_words(m, reading), scope) for reading in SENTENCE_READINGS):
            return [{"scope": scope}]
    return []


def _check(m: Measures, params: Params, reading: str) -> Finding:
    words = _first_words(m, reading)
    if not words:
        return Finding(False, "no sentence")
    repeated = _repeated(words, params["scope"])
    times = "two sentences in a row begin" if params["scope"] == _IN_A_ROW else "two sentences begin"
    return Finding(not repeated, f'{times} with "{repeated}"' if repeated else "the sentences begin differently")


different = sparingly(
    Type(
        breaks=("repeat_sentence", "repeat_line", "repeat_paragraph"),
        paper="Grammatical structure",
        meaning="No two sentences (or no two in a row) begin with the same word, in any letter case.",
        example={"scope": _IN_A_ROW},
        derive=_derive,
        check=_check,
        readings=SENTENCE_READINGS,
        implies=lambda a, b: a == b or a["scope"] == _AT_ALL,
        forms=(
            Form(
                fixed={"scope": _IN_A_ROW},
                slots={},
                phrasings=(
                    "No two sentences in a row should begin with the same word.",
                    "Never start two consecutive sentences with the same word.",
                    "Begin each sentence with another word than the sentence before it.",
                    "Neighbouring sentences must not begin with the same word.",
                    "A sentence should not open with the word that opened the previous one.",
                    "Do not let two successive sentences start with the same word.",
                ),
                hearings=("not (start|begin) (two |)(consecutive|successive) sentences with the same word",),
            ),
            Form(
                fixed={"scope": _AT_ALL},
                slots={},
                phrasings=(
                    "No two sentences should begin with the same word.",
                    "Start every sentence with a different word.",
                    "Each sentence must begin with a word that begins no other sentence.",
                    "Do not open two of your sentences with the same word.",
                    "Let all sentences begin with different words.",
                    "The same word must not begin more than one sentence.",
                ),
                hearings=(
                    "(start|begin) every sentence with a (different|new|unique) word",
                    "every sentence must (start|begin) with a (different|new|unique) word",
                ),
            ),
        ),
    ),
    0.5,
)

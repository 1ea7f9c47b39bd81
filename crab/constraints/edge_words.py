"""The first and the last word of the response and of its parts. Letter case and marks around a word never matter."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.length import in_prose
from crab.constraints.phrasing import Form, Number, Params, Phrase
from crab.constraints.sparing import sparingly
from crab.core.text import PARAGRAPH_READINGS, SENTENCE_READINGS, Measures, once

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LOOK = 80  # characters at the edge of a part in which its word is looked for


def first_word(text: str) -> str:
    """The first word of a text in small letters, with straight apostrophes; "" if there is none."""
    match = _WORD.search(text[:_LOOK])
    return match[0].lower().replace("’", "'") if match else ""


def last_word(text: str) -> str:
    """The last word of a text, written as `first_word` gives the first."""
    words = _WORD.findall(text[-_LOOK:])
    return words[-1].lower().replace("’", "'") if words else ""


# -- parts -----------------------------------------------------------------------------------------------------------

_READINGS: Final = {f"{a}; {b}": (a, b) for a, b in product(PARAGRAPH_READINGS, SENTENCE_READINGS)}
_EVERY: Final = {"every line": "lines", "every paragraph": "paragraphs", "every sentence": "sentences"}
_ONE: Final = {
    "the response": ("paragraphs", slice(None)),
    "the first sentence": ("sentences", slice(0, 1)),
    "the last sentence": ("sentences", slice(-1, None)),
    "the first paragraph": ("paragraphs", slice(0, 1)),
    "the last paragraph": ("paragraphs", slice(-1, None)),
}
_FEW = 3  # lines, paragraphs or sentences; fewer begin or end alike by chance


def _texts(m: Measures, part: str, reading: str) -> list[str]:
    """The texts that a part stands for under a reading."""
    if part == "the response":
        return [m.text]
    if part == "every line":
        return m.filled_lines
    paragraph, sentence = _READINGS[reading]
    unit, chosen = (_EVERY[part], slice(None)) if part in _EVERY else _ONE[part]
    spans = m.sentences(sentence) if unit == "sentences" else m.paragraphs(paragraph)
    return [m.text[start:end] for start, end in spans[chosen]]


def _edge_type(edge: str, parts: tuple[str, ...], forms: Callable[[str], Form], example: Params) -> Type:
    word_of = first_word if edge == "first" else last_word

    def candidate(m: Measures, part: str) -> Params | None:
        texts = _texts(m, part, next(iter(_READINGS)))
        if len(texts) < (_FEW if part in _EVERY else 1):
            return None
        params: Params = {"part": part, "word": (word := word_of(texts[0]))}
        fits = word.isalpha() and all(check(m, params, reading).satisfied for reading in _READINGS)
        return params if fits else None

    def derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
        if not in_prose(m):
            return []
        # What holds of every part is rare and worth saying first; of the others, any will do.
        single = [part for part in parts if part not in _EVERY]
        candidates = (candidate(m, part) for part in (*_EVERY, *rng().sample(single, len(single))))
        found = next(filter(None, candidates), None)
        return [found] if found else []

    def check(m: Measures, params: Params, reading: str) -> Finding:
        texts, asked, part = _texts(m, params["part"], reading), _spelled(params["word"]), params["part"]
        if not texts:
            return Finding(False, f"there is no text that could have the {edge} word", f'"{asked}"')
        other = next((word for text in texts if (word := word_of(text)) != asked), None)
        if other is not None:
            return Finding(False, f'"{other}" is the {edge} word of {part}', f'"{asked}"')
        return Finding(True, f'"{asked}" is the {edge} word of {part}')

    return Type(
        paper="Specific sentence or phrase",
        meaning=f"The {edge} word of the part is the given one, in any letter case; marks around it aside.",
        example=example,
        derive=derive,
        check=check,
        readings=tuple(_READINGS),
        implies=lambda a, b: a["part"] == b["part"] and _spelled(a["word"]) == _spelled(b["word"]),
        forms=tuple(map(forms, parts)),
    )


def _spelled(word: str) -> str:
    """A parameter's word as the checkers compare it."""
    return word.lower().replace("’", "'")


def _form(edge: str, verb: str, part: str) -> Form:
    templates = (
        "The EDGE word of PART should be {word}.",
        "Let {word} be the EDGE word of PART.",
        "Use {word} as the EDGE word of PART.",
        "PART must have {word} as its EDGE word.",
        "I want {word} to be the EDGE word of PART.",
        "Make {word} the EDGE word of PART.",
    )
    heard = [
        "the EDGE word of PART must be {word}",
        "the EDGE word in PART must be {word}",
        "the word {word} must be the EDGE word of PART",
        "use the word {word} as the EDGE word of PART",
    ]
    if part == "the response":
        heard += ["the EDGE word must be {word}"]
    else:
        heard += ["(VERB) PART with (the word |){word}", "PART must (VERB) with (the word |){word}"]
    if part in _EVERY:
        plural = part.removeprefix("every ") + "s"
        heard += [f"(VERB) (all|your) {plural} with (the word |){{word}}"]

    def spell(template: str) -> str:
        return template.replace("EDGE", edge).replace("PART", part).replace("VERB", verb)

    return Form(
        fixed={"part": part},
        slots={"word": Phrase(1)},
        phrasings=tuple(map(spell, templates)),
        hearings=tuple(map(spell, heard)),
    )


first = sparingly(
    _edge_type(
        "first",
        ("the response", "the last sentence", "the last paragraph", *_EVERY),
        lambda part: _form("first", "start|begin|open", part),
        {"part": "every line", "word": "perhaps"},
    ),
    0.4,
)

last = sparingly(
    _edge_type(
        "last",
        ("the response", "the first sentence", "the first paragraph", *_EVERY),
        lambda part: _form("last", "end|finish|close|conclude", part),
        {"part": "every line", "word": "sea"},
    ),
    0.4,
)


# -- the first word of a certain paragraph ---------------------------------------------------------------------------

_SPLIT = "split at two line breaks"
_CUT = re.compile(r"[.,?!'\"]")


@once
def _openings(m: Measures, reading: str) -> list[str]:
    """The first word of each paragraph; "" for a blank one."""
    if reading != _SPLIT:
        return [first_word(m.text[start:end]) for start, end in m.paragraphs(reading)]
    # As IFEval reads: what stands before a space or certain marks, whatever else it holds.
    firsts = [block.split(None, 1)[:1] for block in m.text.split("\n\n")]
    return [_CUT.split(word[0].lstrip("'\""), maxsplit=1)[0].lower() if word else "" for word in firsts]


def _derive_nth(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if not in_prose(m) or len(openings := _openings(m, "blocks")) < 2:
        return []
    nth = rng().randrange(2, len(openings) + 1)
    word = openings[nth - 1]
    params: Params = {"n": nth, "word": word}
    fits = word.isalpha() and all(_check_nth(m, params, reading).satisfied for reading in _NTH_READINGS)
    return [params] if fits else []


def _check_nth(m: Measures, params: Params, reading: str) -> Finding:
    openings, asked = _openings(m, reading), f'"{_spelled(params["word"])}"'
    if len(openings) < params["n"]:
        return Finding(False, f"there is no paragraph {params['n']}", asked)
    found = openings[params["n"] - 1]
    satisfied = found == _spelled(params["word"])
    return Finding(satisfied, f'paragraph {params["n"]} begins with "{found[:60]}"', "" if satisfied else asked)


_NTH_READINGS: Final = (*PARAGRAPH_READINGS, _SPLIT)

of_paragraph = sparingly(
    Type(
        breaks=("drop_named",),
        paper="Paragraphs and separators",
        meaning="The nth paragraph, counted from 1, begins with the word, in any letter case; marks before it aside.",
        example={"n": 2, "word": "however"},
        derive=_derive_nth,
        check=_check_nth,
        readings=_NTH_READINGS,
        implies=lambda a, b: a["n"] == b["n"] and _spelled(a["word"]) == _spelled(b["word"]),
        ifeval="length_constraints:nth_paragraph_first_word",
        forms=(
            Form(
                slots={"n": Number(least=1), "word": Phrase(1)},
                phrasings=(
                    "Paragraph {n} must start with the word {word}.",
                    "Begin paragraph {n} with the word {word}.",
                    "The first word of paragraph {n} should be {word}.",
                    "Let paragraph {n} open with the word {word}.",
                    "Use {word} as the first word of paragraph {n}.",
                    "In paragraph {n}, the first word has to be {word}.",
                ),
                hearings=(
                    "(start|begin|open) paragraph {n} with (the word |word |){word}",
                    "paragraph {n} must (start|begin|open) with (the word |word |){word}",
                    "the first word of paragraph {n} must be {word}",
                ),
            ),
        ),
    ),
    0.6,
)

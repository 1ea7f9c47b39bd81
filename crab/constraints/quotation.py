"""Quotation marks, around the response and inside it."""

from __future__ import annotations

from typing import Final

from crab.constraints.kinds import Finding
from crab.constraints.marks import matches
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted
from crab.constraints.shape import shape
from crab.core.text import Measures

_QUOTES: Final = str.maketrans('"„»«”', "“" * 5)


def quotable(text: str) -> str:
    """A text as it can stand in double quotation marks: on one line, all its own quotation marks made one kind."""
    return " ".join(text.translate(_QUOTES).split())


_PAIRS: Final = {"any": ('"“„', '"”“'), "straight": ('"', '"')}


def _look(m: Measures, reading: str) -> Finding:
    opening, closing = _PAIRS[reading]
    quoted = len(m.body) > 2 and m.body[0] in opening and m.body[-1] in closing
    return Finding(quoted, "in double quotation marks" if quoted else "not in double quotation marks")


whole = shape(
    paper="Special output format",
    meaning="The whole response stands between double quotation marks.",
    look=_look,
    readings=tuple(_PAIRS),
    ifeval="startend:quotation",
    phrasings=(
        "Wrap your entire response in double quotation marks.",
        "Put the whole answer between double quotation marks.",
        "Open and close the response with a double quotation mark.",
        "Everything you write should stand inside double quotation marks.",
        "Enclose the complete text in double quotes.",
        "The answer must be one long quotation, with double quotation marks around it.",
    ),
    hearings=(
        "(wrap|put|enclose) (the response|everything|it) (in|with|inside|within) double (quotation marks|quotes)",
        "be (wrapped|enclosed) in double (quotation marks|quotes)",
        "(put|use|place) double (quotation|quotations) marks around the response",
        "wrap everything in double (quotation marks|quotes)",
    ),
)

number = counted(
    breaks=("drop_quotation", "say_quotation"),
    paper="Punctuation",
    meaning="The number of passages in double quotation marks, each within a line, stands in the relation to n.",
    one="quoted passage",
    many="quoted passages",
    counts={
        "any marks": matches(r"[\"“„«][^\"“”„«»\n]++[\"”“»]", '"“„«'),
        # One that begins and ends a word, as prose sets it; not a string in a program.
        "around words": matches(r"(?<![\w=])[\"“„«](?=\S)[^\"“”„«»\n]++[\"”“»](?!\w)", '"“„«'),
        "pairs of marks": lambda m: (sum(map(m.text.count, '"“”„«»')) + 1) // 2,
    },
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    when=lambda m: not (m.is_json or m.json_block),
    forms=amounts(
        "quoted passage",
        "quoted passages",
        relations=(AT_LEAST, AT_MOST, EXACTLY),
        also_called=(
            ("passage in double quotation marks", "passages in double quotation marks"),
            ("quotation", "quotations"),
        ),
    ),
)

"""Quotation marks around the response."""

from __future__ import annotations

from typing import Final

from crab.constraints.format import shape
from crab.constraints.kinds import Finding
from crab.core.text import Measures

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
    ),
)

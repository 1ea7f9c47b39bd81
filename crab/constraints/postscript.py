"""A postscript below the response."""

from __future__ import annotations

import re
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, literally
from crab.core.text import Measures

_MARKERS: Final = ("P.S.", "P.P.S.")
_PATTERNS: Final = {
    marker: re.compile(r"\.\s?".join(marker.rstrip(".").split(".")) + r"\b\.?", re.IGNORECASE) for marker in _MARKERS
}
_BEFORE = '"“”*_> \t-'
_TOLERANT, _LITERAL = "with or without its last full stop", "to the letter"


def _postscript(m: Measures, marker: str, reading: str) -> str:
    """The line of the last paragraph that begins with the marker and goes on after it, or ""."""
    blocks = m.paragraphs("blocks")
    last = m.text[blocks[-1][0] :] if blocks else ""
    for line in last.split("\n"):
        bare = line.strip(_BEFORE)
        match = _PATTERNS[marker].match(bare)
        if match and any(map(str.isalnum, bare[match.end() :])) and (reading == _TOLERANT or match[0] == marker):
            return bare
    return ""


def _derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    return [{"marker": marker} for marker in _MARKERS if _postscript(m, marker, _LITERAL)][-1:]


def _check(m: Measures, params: Params, reading: str) -> Finding:
    line = _postscript(m, params["marker"], reading)
    return Finding(
        bool(line), f'"{line[:60]}"' if line else f"no line of the last paragraph begins with {params['marker']}"
    )


line = Type(
    paper="Special output format",
    meaning="A line of the last paragraph begins with the marker, in any letter case, and says something after it.",
    example={"marker": "P.S."},
    derive=_derive,
    check=_check,
    readings=(_TOLERANT, _LITERAL),
    ifeval="detectable_content:postscript",
    forms=(
        Form(
            slots={"marker": literally(_MARKERS)},
            phrasings=(
                "Add a postscript that begins with {marker}.",
                "Close with a postscript, marked {marker}.",
                "Below the text, write a line that starts with {marker}.",
                "There should be a {marker} at the end.",
                "Do not forget a final {marker} remark.",
                "Let the last paragraph hold a {marker} note.",
            ),
            hearings=(
                "(at the end of the response, |)(|please )(|explicitly )use a postscript "
                "(starting|beginning) with (|the word |the letters )({marker}|{marker:bare})",
                "(end|finish|close) with a postscript (starting|beginning) with ({marker}|{marker:bare})",
                "(|then )use a postscript (to|at) the end (|that )(starting|beginning|starts|begins) with "
                "({marker}|{marker:bare})",
                "use a postscript that (starts|begins) with ({marker}|{marker:bare})",
                "(at the end, |after the response, )(|explicitly )use a postscript (starting|beginning) with "
                "({marker}|{marker:bare})",
                "(|at the end, )use a {marker:bare}(| at the end)",
            ),
        ),
    ),
)

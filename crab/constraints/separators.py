"""Lines that part a text."""

from __future__ import annotations

from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params, literally
from crab.constraints.quantity import AT_LEAST, EXACTLY, asked, holds, narrower, number_of, propose
from crab.core.text import Measures

_MARKERS: Final = ("***", "---", "* * *", "___", "===")
_OWN_LINE, _ANYWHERE = "own line", "anywhere"


def _parts(m: Measures, marker: str, reading: str) -> int:
    """Parts that hold a word, between separators that stand alone on a line (or anywhere, as IFEval splits)."""
    if reading == _ANYWHERE:
        pieces = m.text.split(marker)
    else:
        pieces = []
        current: list[str] = []
        for line in [*m.filled_lines, marker]:
            if line == marker:
                pieces.append("\n".join(current))
                current = []
            else:
                current.append(line)
    return sum(1 for piece in pieces if any(map(str.isalnum, piece)))


def _derive_separators(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    for marker in filter(m.text.__contains__, _MARKERS):
        counts = [_parts(m, marker, reading) for reading in (_OWN_LINE, _ANYWHERE)]
        if min(counts) >= 2:
            return [{"marker": marker, **amount} for amount in propose(counts, rng, (EXACTLY, EXACTLY, AT_LEAST))]
    return []


def _check_separators(m: Measures, params: Params, reading: str) -> Finding:
    parts = _parts(m, params["marker"], reading)
    return Finding(
        holds(parts, params), f"{number_of(parts, 'part', 'parts')} between {params['marker']}", asked(params)
    )


separators = Type(
    breaks=("drop_separator", "append_separator", "append_rule"),
    paper="Paragraphs and separators",
    meaning="The number of parts between lines that hold only the marker stands in the relation to n.",
    example={"relation": EXACTLY, "marker": "***", "n": 3},
    derive=_derive_separators,
    check=_check_separators,
    readings=(_OWN_LINE, _ANYWHERE),
    implies=narrower,
    ifeval="length_constraints:number_paragraphs",
    forms=tuple(
        Form(
            fixed={"relation": relation},
            slots={"marker": literally(_MARKERS), "n": Number()},
            phrasings=tuple(
                template.replace("COUNT", f"{relation} {{n}} [part|parts]")
                for template in (
                    "Divide the text into COUNT, separated by a line {marker}.",
                    "Write COUNT with a line {marker} between them.",
                    "Let a line {marker} separate the answer into COUNT.",
                    "Use {marker} on a line of its own to set COUNT apart.",
                    "The response should consist of COUNT, split by lines that hold only {marker}.",
                    "Mark the borders of COUNT with {marker}, each on its own line.",
                )
            ),
            hearings=tuple(
                template.replace("COUNT", f"{lead}{{n}} [{noun}|{noun}s]")
                for noun in ("part", "section", "paragraph")
                for lead in ((f"{relation} ", "") if relation == EXACTLY else (f"{relation} ",))
                for template in (
                    "use COUNT separated by ({marker}|{marker:bare})",
                    "use COUNT separated by (markdown |)divider(|:) {marker:bare}",
                    "use COUNT. paragraphs are separated with the markdown divider: {marker:bare}",
                    "separate the response into COUNT separated by ({marker}|{marker:bare})",
                )
            ),
        )
        for relation in (EXACTLY, AT_LEAST)
    ),
)

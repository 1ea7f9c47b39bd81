"""Parts of a text that carry labels: numbered sections, and lines that name what they tell."""

from __future__ import annotations

import re
from collections import defaultdict

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params, Phrase
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, asked, counted, holds, narrower, propose
from crab.core.text import Measures, once

_LINE, _ANYWHERE = "line starts", "anywhere"
_LABEL = Phrase(2)
_LEAD = r"^[ \t#*_>\[(\"“-]*"
_NUMBERED = re.compile(_LEAD + r"([A-Z][A-Za-z]{2,14})[ \t](\d{1,3})[*_]*[ \t]*(?:[:.)\]–—-]|$)", re.MULTILINE)


@once
def _marks(m: Measures, label: str, reading: str) -> int:
    """How often the label (in this very case) stands before a number."""
    if label not in m.text:
        return 0
    if reading == _LINE:
        return len(re.findall(rf"{_LEAD}{re.escape(label)}[ \t]?\d", m.text, re.MULTILINE))
    return len(re.findall(rf"{re.escape(label)}\s?\d", m.text))


def _derive_numbered(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    found: dict[str, list[int]] = defaultdict(list)
    for label, number in _NUMBERED.findall(m.text):
        found[label].append(int(number))
    for label, numbers in found.items():
        if label.lower() != "step" and len(numbers) > 1 and numbers == [*range(1, len(numbers) + 1)]:
            counts = [_marks(m, label, reading) for reading in (_LINE, _ANYWHERE)]
            return [{"label": label, **amount} for amount in propose(counts, rng, (EXACTLY, AT_LEAST))]
    return []


def _check_numbered(m: Measures, params: Params, reading: str) -> Finding:
    count, label = _marks(m, params["label"], reading), params["label"]
    return Finding(
        holds(count, params),
        f'{count or "no"} {"mark" if count == 1 else "marks"} "{label}" with a number',
        asked(params),
    )


numbered = Type(
    paper="Paragraphs and separators",
    meaning='The number of section marks, the label (in its case) and a number as in "Part 1", is in relation to n.',
    example={"relation": AT_LEAST, "label": "Part", "n": 3},
    derive=_derive_numbered,
    check=_check_numbered,
    readings=(_LINE, _ANYWHERE),
    implies=narrower,
    ifeval="detectable_format:multiple_sections",
    forms=tuple(
        Form(
            fixed={"relation": relation},
            slots={"label": _LABEL, "n": Number()},
            phrasings=tuple(
                template.replace("COUNT", f"{relation} {{n}} [section|sections]")
                for template in (
                    "Write COUNT, each under the mark {label} and its number.",
                    "Divide the response into COUNT that [begins|begin] with {label} and a running number.",
                    "There should be COUNT, marked {label} with a number after it.",
                    "Use COUNT and start each on a new line with {label} and its number.",
                    "Split the text into COUNT; mark every one with {label} and a number.",
                    "Give the response COUNT, labelled {label} and numbered.",
                )
            ),
            hearings=(
                f"use {relation} {{n}} [section|sections](,|.| and) mark the beginning of every section with {{label}} "
                "x",
                f"use {relation} {{n}} [section|sections](,| that are|) (labelled|labeled|marked) (|with ){{label}} x",
            ),
        )
        for relation in (AT_LEAST, EXACTLY)
    ),
)

_STRICT = re.compile(
    r"^[ \t]*(?:\*\*|__)?[^\W\d_][^\n:.!?*]{0,39}(?::(?:\*\*|__)|(?:\*\*|__):|:)[ \t]+\S", re.MULTILINE
)
_ANY = re.compile(
    r"^[ \t>]*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?[*_]{0,3}[^\W\d_][^\n:.!?]{0,59}:[*_]{0,3}[ \t]+\S", re.MULTILINE
)


def _definitions(m: Measures, pattern: re.Pattern[str]) -> int:
    return len(pattern.findall(m.text)) if ":" in m.text else 0


@once
def _strict(m: Measures) -> int:
    return _definitions(m, _STRICT)


@once
def _loose(m: Measures) -> int:
    return _definitions(m, _ANY)


definitions = counted(
    paper="Special output format",
    meaning='The number of lines of the form "Name: text", outside of lists, stands in the relation to n.',
    one='line of the form "Name: text"',
    many='lines of the form "Name: text"',
    counts={"plain lines": _strict, "list items too": _loose},
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    when=lambda m: _strict(m) > 2,
    forms=amounts(
        "line that begins with a name and a colon",
        "lines that begin with a name and a colon",
        relations=(AT_LEAST, AT_MOST, EXACTLY),
        own={
            relation: tuple(
                template.replace("COUNT", f"{relation} {{n}} [line|lines]")
                for template in (
                    'Write COUNT in the form "Name: text".',
                    'There should be COUNT of the shape "Name: text", outside of any list.',
                    'Use COUNT that [begins|begin] with a label and a colon, like "Name: text".',
                    'Give COUNT each of which names something before a colon, as in "Name: text".',
                    'I want COUNT that [reads|read] like "Name: text".',
                    'Lay facts out in COUNT of the kind "Name: text".',
                )
            )
            for relation in (AT_LEAST, AT_MOST, EXACTLY)
        },
    ),
)

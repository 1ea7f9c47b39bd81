"""Markdown headings: how many, which, how deep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from crab.constraints.emphasis import spoken
from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params, Phrases
from crab.constraints.quantity import AT_LEAST, EXACTLY, amounts, asked, counted, holds, narrower, number_of, propose
from crab.constraints.shape import shape
from crab.core.text import Measures, once

number = counted(
    paper="Key formatting",
    meaning="The number of markdown headings, of any level, stands in the relation to n.",
    one="markdown heading",
    many="markdown headings",
    counts={"markdown": lambda m: len(m.markdown.headings), "lines": lambda m: m.heading_lines},
    prefer=(AT_LEAST, EXACTLY),
    forms=amounts(
        "markdown heading",
        "markdown headings",
        relations=(AT_LEAST, EXACTLY),
        also_called=(
            ("heading", "headings"),
            ("header", "headers"),
            ("subheading", "subheadings"),
            ("markdown header", "markdown headers"),
        ),
    ),
)


def _look_heading(m: Measures, reading: str) -> Finding:
    first = next((number for number, line in enumerate(m.lines) if line.strip()), -1)
    titled = any(heading.line == first for heading in m.markdown.headings)
    return Finding(titled, "begins with a heading" if titled else "does not begin with a markdown heading")


first = shape(
    paper="Key formatting",
    meaning="The first line that is not blank is a markdown heading.",
    look=_look_heading,
    phrasings=(
        "Begin with a markdown heading.",
        "Put a heading at the very top, marked with #.",
        "The first line should be a markdown heading.",
        "Open the response with a # heading as its title.",
        "Start with a title in the form of a markdown heading.",
        "Let a markdown heading come before everything else.",
    ),
    hearings=("(start|begin) (the response |)with a (markdown |)(heading|header)",),
)


# -- levels ----------------------------------------------------------------------------------------------------------


def _levels(m: Measures) -> Counter[int]:
    return Counter(heading.level for heading in m.markdown.headings)


def _derive_level(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    levels = _levels(m)
    if not levels or m.heading_lines != levels.total():
        return []
    level, count = max(levels.items(), key=lambda pair: (pair[1], -pair[0]))
    return [{"level": level, **amount} for amount in propose([count], rng, (EXACTLY, AT_LEAST))]


def _check_level(m: Measures, params: Params, reading: str) -> Finding:
    count, level = _levels(m)[params["level"]], params["level"]
    shown = number_of(count, f"heading of level {level}", f"headings of level {level}")
    return Finding(holds(count, params), shown, asked(params))


def _at_level(relation: str) -> Sequence[str]:
    return tuple(
        template.replace("COUNT", f"{relation} {{n}}")
        for template in (
            "Use COUNT markdown [heading|headings] of level {level}.",
            "There should be COUNT [heading|headings] in markdown with a level of {level}.",
            "Write COUNT markdown [heading|headings] with a level of {level}.",
            "I want COUNT [heading|headings] of level {level} (count the # signs).",
            "Give the response COUNT [heading|headings] of level {level} in markdown.",
            "Set COUNT markdown [heading|headings] at level {level}.",
        )
    )


level = Type(
    paper="Key formatting",
    meaning="The number of markdown headings of the level (1 for #, 2 for ##, ...) stands in the relation to n.",
    example={"relation": EXACTLY, "level": 2, "n": 3},
    derive=_derive_level,
    check=_check_level,
    implies=narrower,
    forms=tuple(
        Form(
            fixed={"relation": relation},
            slots={"n": Number(), "level": Number(1, 6)},
            phrasings=tuple(_at_level(relation)),
            hearings=(f"use {relation} {{n}} [heading|headings] (of|at) level {{level}}",),
        )
        for relation in (EXACTLY, AT_LEAST)
    ),
)


def _derive_deepest(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    levels = _levels(m)
    return [{"level": max(levels)}] if len(levels) > 1 and max(levels) < 6 else []


def _check_deepest(m: Measures, params: Params, reading: str) -> Finding:
    deepest = max(_levels(m), default=0)
    if not deepest:
        return Finding(False, "no markdown heading")
    return Finding(deepest <= params["level"], f"headings down to level {deepest}", f"at most level {params['level']}")


deepest = Type(
    paper="Key formatting",
    meaning="There are markdown headings, and none of them has a level beyond the given one.",
    example={"level": 3},
    derive=_derive_deepest,
    check=_check_deepest,
    implies=lambda a, b: bool(a["level"] <= b["level"]),
    forms=(
        Form(
            slots={"level": Number(1, 6)},
            phrasings=(
                "Use markdown headings, none of them deeper than level {level}.",
                "Structure the text with markdown headings down to level {level} at the deepest.",
                "Write headings in markdown, but go no deeper than level {level}.",
                "Let level {level} be the deepest of your markdown headings.",
                "Use headings marked with #, and never more than {level} of these signs.",
                "The markdown headings should not go below level {level}.",
            ),
            hearings=("use headings(,| but| that are) no deeper than level {level}",),
        ),
    ),
)

# -- names -----------------------------------------------------------------------------------------------------------

_NAMES: Final = Phrases(5)


@once
def _headings(m: Measures) -> list[str]:
    """What the headings say: those of markdown, and lines in bold."""
    return [*(heading.text for heading in m.markdown.headings), *m.markdown.bold_lines]


def _derive_names(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    names = [name for heading in _headings(m) if _NAMES.problem([name := heading.strip(" :")]) is None]
    names = [*{spoken(name): name for name in names}.values()]
    if len(names) < 2:
        return []
    places = sorted(rng().sample(range(len(names)), min(len(names), rng().choice((1, 2, 3)))))
    return [{"names": [names[place] for place in places]}]


def _check_names(m: Measures, params: Params, reading: str) -> Finding:
    found = {spoken(heading) for heading in _headings(m)}
    if not found:
        return Finding(False, "no heading")
    missing = [name for name in params["names"] if spoken(name) not in found]
    return Finding(not missing, f'no heading "{missing[0]}"' if missing else "the headings are there")


names = Type(
    paper="Key formatting",
    meaning="There is a markdown heading or a line in bold for each name; case and punctuation do not matter.",
    example={"names": ["Background", "Results"]},
    derive=_derive_names,
    check=_check_names,
    implies=lambda a, b: {*map(spoken, b["names"])} <= {*map(spoken, a["names"])},
    forms=(
        Form(
            slots={"names": _NAMES},
            phrasings=(
                "Use the [heading|headings] {names}.",
                "Among the headings of the text there should be {names}.",
                "The text needs the [heading|headings] {names}.",
                "Let {names} be among your headings.",
                "The response should have {names} as [a heading|headings].",
                "Structure the text with headings, {names} among them.",
            ),
            hearings=(
                "use (a |)[heading|headings] (named|called|titled|for) {names}",
                "use {names} as (a |)[heading|headings]",
                "use the [section|sections] {names}",
            ),
        ),
    ),
)

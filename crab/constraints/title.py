"""A title over the response."""

from __future__ import annotations

from crab.constraints.format import shape
from crab.constraints.kinds import Finding
from crab.core.text import Measures


def _wrapped(line: str) -> str:
    start, end = line.find("<<"), line.rfind(">>")
    return line[start + 2 : end].strip("<> ") if 0 <= start < end else ""


def _look_wrapped(m: Measures, reading: str) -> Finding:
    title = next(filter(None, map(_wrapped, m.lines)), "")
    return Finding(bool(title), f"title <<{title[:100]}>>" if title else "no <<title>>")


wrapped = shape(
    paper="Special output format",
    meaning="A line holds a title in double angular brackets, <<like this>>.",
    look=_look_wrapped,
    ifeval="detectable_format:title",
    phrasings=(
        "Include a title in double angular brackets, like <<this>>.",
        "Give the text a title, wrapped as <<title>>.",
        "Your answer must have a title between << and >>.",
        "Put a title in the form <<my title>> into the response.",
        "A title inside << >> is required.",
        "Name the piece: write its title between double angular brackets.",
    ),
    hearings=(
        "use a title(|,) (wrapped|enclosed) in double angular brackets(|, such as <<title>>|, such as <<poem of joy>>)",
    ),
)


def _look_heading(m: Measures, reading: str) -> Finding:
    first = next((number for number, line in enumerate(m.lines) if line.strip()), -1)
    titled = any(line == first for _, line in m.markdown.headings)
    return Finding(titled, "begins with a heading" if titled else "does not begin with a markdown heading")


heading = shape(
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

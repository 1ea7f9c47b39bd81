"""A title over the response."""

from __future__ import annotations

from crab.constraints.kinds import Finding
from crab.constraints.shape import shape
from crab.core.text import Measures


def _wrapped(line: str) -> str:
    start, end = line.find("<<"), line.rfind(">>")
    return line[start + 2 : end].strip("<> ") if 0 <= start < end else ""


def _look_wrapped(m: Measures, reading: str) -> Finding:
    title = next(filter(None, map(_wrapped, m.lines)), "") if "<<" in m.text else ""
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
        "use a title(|,) (wrapped |enclosed |contained |)in double (angular|angle) brackets",
        "(|the response must use )the title must be (wrapped|enclosed) in double (angular|angle) brackets",
    ),
)

"""Lists: that there is one, and how deep."""

from __future__ import annotations

from crab.constraints.kinds import Finding
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted, number_of
from crab.constraints.shape import shape
from crab.core.text import Measures

_MARKDOWN, _LINES = "markdown", "lines"


def _look_bullets(m: Measures, reading: str) -> Finding:
    items = m.markdown.bullets + m.dotted_lines if reading == _MARKDOWN else m.bullet_lines
    return Finding(items >= 2, number_of(items, "bulleted item", "bulleted items"), "" if items >= 2 else "a list")


bulleted = shape(
    breaks=("drop_bullet", "flatten"),
    paper="Special output format",
    meaning="There is a bulleted list of at least two items.",
    look=_look_bullets,
    readings=(_MARKDOWN, _LINES),
    phrasings=(
        "Use a bulleted list.",
        "Put the main points into a bullet list.",
        "Set the answer out in bullet points.",
        "Present your points as a bulleted list.",
        "Structure the response with bullets.",
        "Arrange what you have to say as bullet points.",
    ),
    hearings=(
        "use (|a list of )(bullet points|bullets|bulleted lists|bullet lists)",
        "use (a|an) (bullet list|bullet-point list|bullet point list|bulleted list|unordered list)",
        "(format|present|organize|structure) (the response|it|everything|the points) (as|in|into|with|using) "
        "(a bulleted list|a bullet list|bullet points)",
    ),
)


def _look_numbered(m: Measures, reading: str) -> Finding:
    items = m.markdown.numbered if reading == _MARKDOWN else m.numbered_lines
    return Finding(items >= 2, number_of(items, "numbered item", "numbered items"), "" if items >= 2 else "a list")


numbered = shape(
    breaks=("drop_number", "flatten"),
    paper="Special output format",
    meaning="There is a numbered list of at least two items.",
    look=_look_numbered,
    readings=(_MARKDOWN, _LINES),
    phrasings=(
        "Use a numbered list.",
        "Number your points in a list.",
        "Set the answer out as an ordered list.",
        "Present the items as 1., 2. and so on.",
        "Structure the response with a numbered list.",
        "Arrange what you have to say under running numbers.",
    ),
    hearings=(
        "use (a|an) (ordered|numbered) list",
        "use (ordered|numbered) lists",
        "(format|present|organize|structure) (the response|it|everything|the points) (as|in|into|with|using) "
        "(a numbered list|an ordered list)",
    ),
)


def _look_nested(m: Measures, reading: str) -> Finding:
    depth = m.markdown.depth
    if depth > 1:
        return Finding(True, f"lists {depth} levels deep")
    return Finding(False, "lists of one level only" if depth else "no list", "a list within a list")


nested = shape(
    breaks=("drop_indent", "flatten"),
    paper="Item listing details",
    meaning="There is a list within an item of another list.",
    look=_look_nested,
    phrasings=(
        "Use a nested list.",
        "Put a list inside a list item.",
        "Break at least one list item down into a list of its own.",
        "There should be sub-items under some item of a list.",
        "Indent a second level of items below a list item.",
        "Include a list with more than one level.",
    ),
    hearings=(
        "use nested (lists|bullet points|bullets)",
        "use (sub-bullets|sub-bullet points|a nested bullet list|a nested bulleted list|a nested numbered list)",
    ),
)

depth = counted(
    breaks=("append_nested_items", "drop_indent", "flatten"),
    paper="Item listing details",
    meaning="The number of levels of the deepest list stands in the relation to n.",
    one="level of lists",
    many="levels of lists",
    counts={_MARKDOWN: lambda m: m.markdown.depth},
    prefer=(EXACTLY, AT_MOST),
    when=lambda m: m.markdown.depth > 2,
    forms=amounts(
        "level of nested lists",
        "levels of nested lists",
        relations=(AT_LEAST, AT_MOST, EXACTLY),
        also_called=(("level of lists", "levels of lists"), ("list level", "list levels")),
    ),
)

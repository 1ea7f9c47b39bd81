"""How many items the lists have."""

from __future__ import annotations

from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted

_PREFER = (EXACTLY, EXACTLY, AT_LEAST, AT_MOST)

num_bullets = counted(
    breaks=("drop_item", "repeat_item", "drop_bullet", "append_bullet"),
    paper="Item listing details",
    meaning="The number of bulleted list items, nested ones included, stands in the relation to n.",
    one="bullet point",
    many="bullet points",
    counts={
        "markdown": lambda m: m.markdown.bullets + m.dotted_lines,
        "top level": lambda m: m.markdown.top_bullets + m.dotted_lines,
        "lines": lambda m: m.bullet_lines,
    },
    prefer=_PREFER,
    ifeval="detectable_format:number_bullet_lists",
    forms=amounts(
        "bullet point",
        "bullet points",
        also_called=(("bullet", "bullets"), ("bulleted item", "bulleted items"), ("bulletpoint", "bulletpoints")),
        heard={
            EXACTLY: ("(use|list) {n} ([bullet point|bullet points]|[bullet|bullets])",),
        },
    ),
)

num_numbered = counted(
    breaks=("drop_item", "repeat_item", "drop_number", "append_numbered_item"),
    paper="Item listing details",
    meaning="The number of numbered list items, nested ones included, stands in the relation to n.",
    one="numbered item",
    many="numbered items",
    counts={
        "markdown": lambda m: m.markdown.numbered,
        "top level": lambda m: m.markdown.top_numbered,
        "lines": lambda m: m.numbered_lines,
    },
    prefer=_PREFER,
    forms=amounts(
        "numbered item",
        "numbered items",
        verb="List",
        also_called=(("numbered list item", "numbered list items"), ("numbered point", "numbered points")),
    ),
)

"""How many items a list, a sequence of steps or a table has."""

from __future__ import annotations

from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted
from crab.constraints.structure import numbered_steps

_PREFER = (EXACTLY, EXACTLY, AT_LEAST, AT_MOST)

num_bullets = counted(
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
            EXACTLY: ("(use|list) {n} [bullet point|bullet points]",),
        },
    ),
)

num_numbered = counted(
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

num_steps = counted(
    paper="Item listing details",
    meaning='The number of lines that begin with "Step 1", "Step 2" and so on, in order, stands in the relation to n.',
    one="numbered step",
    many="numbered steps",
    counts={"lines": numbered_steps},
    prefer=_PREFER,
    forms=amounts(
        "numbered step",
        "numbered steps",
        verb="Give",
        relations=(AT_LEAST, AT_MOST, EXACTLY),
        also_called=(("labelled step", "labelled steps"), ("labeled step", "labeled steps")),
        own={
            relation: tuple(
                template.replace("COUNT", f"{relation} {{n}} [step|steps]")
                for template in (
                    'Give COUNT, labelled "Step 1:" and so on.',
                    'Lay it out in COUNT that begin with "Step 1:", "Step 2:" and so forth.',
                    "There should be COUNT, each with its label and number.",
                    'I want COUNT, every one on a line that starts with "Step" and its number.',
                    'Take the reader through COUNT, marked "Step 1:" and onwards.',
                    'Break it down into COUNT with the labels "Step 1:", "Step 2:" and so on.',
                )
            )
            for relation in (AT_LEAST, AT_MOST, EXACTLY)
        },
    ),
)

num_rows = counted(
    paper="Item listing details",
    meaning="The number of rows of all markdown tables, header rows aside, stands in the relation to n.",
    one="table row",
    many="table rows",
    counts={
        "markdown": lambda m: sum(rows for _, rows, _, _ in m.markdown.tables),
        "with bars": lambda m: sum(
            sum("|" in line for line in m.lines[first : last + 1]) - 2 for _, _, first, last in m.markdown.tables
        ),
    },
    prefer=_PREFER,
    forms=amounts(
        "table row below the header",
        "table rows below the header",
        also_called=(("table row", "table rows"), ("row in the table", "rows in the table")),
    ),
)

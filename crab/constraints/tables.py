"""Markdown tables: that there is one, its columns and rows."""

from __future__ import annotations

from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, Phrases
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted, number_of
from crab.constraints.shape import shape
from crab.core.text import Measures

_PREFER: Final = (EXACTLY, EXACTLY, AT_LEAST, AT_MOST)


def _look_table(m: Measures, reading: str) -> Finding:
    tables = [table for table in m.markdown.tables if table.rows]
    shown = f"a table of {number_of(tables[0].rows, 'row', 'rows')}" if tables else "no markdown table"
    return Finding(bool(tables), shown)


present = shape(
    paper="Special output format",
    meaning="There is a markdown table with at least one row below its header.",
    look=_look_table,
    phrasings=(
        "Include a markdown table.",
        "Put the facts into a table.",
        "Present the answer in a markdown table.",
        "Arrange the information in rows and columns of a table.",
        "Somewhere there should be a table in markdown.",
        "Set it out as a table.",
    ),
    hearings=(
        "use a (|markdown )table",
        "(format|present|organize|show) (the response|it|everything|the information|the data) (as|in|into|using) "
        "a (|markdown )table(| format)",
    ),
)


rows = counted(
    breaks=("drop_table_row", "repeat_line", "append_table", "drop_table_rule"),
    paper="Item listing details",
    meaning="The number of rows of all markdown tables, header rows aside, stands in the relation to n.",
    one="table row",
    many="table rows",
    counts={
        "markdown": lambda m: sum(table.rows for table in m.markdown.tables),
        "with bars": lambda m: sum(
            sum("|" in line for line in m.lines[table.first : table.last + 1]) - 2 for table in m.markdown.tables
        ),
    },
    prefer=_PREFER,
    forms=amounts(
        "table row below the header",
        "table rows below the header",
        also_called=(("table row", "table rows"), ("row in the table", "rows in the table")),
    ),
)

columns = counted(
    paper="Item listing details",
    meaning="The number of columns of the markdown table (of each, if there are several) stands in the relation to n.",
    one="table column",
    many="table columns",
    counts={
        "widest": lambda m: max((len(table.header) for table in m.markdown.tables), default=0),
        "narrowest": lambda m: min((len(table.header) for table in m.markdown.tables), default=0),
    },
    prefer=(EXACTLY, EXACTLY, AT_LEAST),
    forms=amounts(
        "table column",
        "table columns",
        also_called=(("column in the table", "columns in the table"), ("column", "columns")),
        heard={EXACTLY: ("use a (|markdown )table with (exactly |){n} [column|columns]",)},
    ),
)

number = counted(
    paper="Special output format",
    meaning="The number of markdown tables stands in the relation to n.",
    one="table",
    many="tables",
    counts={"markdown": lambda m: len(m.markdown.tables)},
    prefer=(EXACTLY, AT_LEAST),
    when=lambda m: len(m.markdown.tables) > 1,
    forms=amounts(
        "markdown table",
        "markdown tables",
        relations=(AT_LEAST, EXACTLY),
        also_called=(("table", "tables"),),
    ),
)

_MOST_NAMES: Final = 6


def _derive_header(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    headers = {table.header for table in m.markdown.tables if table.rows}
    return [{"names": [*names]} for names in headers if len(headers) == 1 and _fits(names)]


def _fits(names: tuple[str, ...]) -> bool:
    return len(names) > 1 and Phrases(_MOST_NAMES).problem([*names]) is None


def _check_header(m: Measures, params: Params, reading: str) -> Finding:
    wanted = [name.casefold() for name in params["names"]]
    headers = [[name.casefold() for name in table.header] for table in m.markdown.tables]
    if not headers:
        return Finding(False, "no markdown table")
    shown = ", ".join(f'"{name[:40]}"' for name in m.markdown.tables[0].header[:10])
    return Finding(wanted in headers, f"the columns of the table are {shown}", ", ".join(params["names"]))


header = Type(
    paper="Key formatting",
    meaning="The header of a markdown table has these names in this order and no others; case does not matter.",
    example={"names": ["Name", "Price"]},
    derive=_derive_header,
    check=_check_header,
    forms=(
        Form(
            slots={"names": Phrases(_MOST_NAMES)},
            phrasings=(
                "Name the table [column|columns] {names}, in this order.",
                "Use a table with the [column|columns] {names}.",
                "The header row of the table should read {names}.",
                "Give the table the [column|columns] {names} and no others.",
                "Let the table's [column|columns] be called {names}.",
                "Put {names} as column [heading|headings] over the table.",
            ),
            hearings=(
                "use a (|markdown )table with [column|columns] (|named |called |for |titled ){names}",
                "the table must use the [column|columns](|:) {names}",
            ),
        ),
    ),
)

"""Comma-separated values: columns and rows of those that the response is, or else fences."""

from __future__ import annotations

from crab.constraints.phrasing import Phrases
from crab.constraints.quantity import AT_LEAST, EXACTLY, amounts, counted
from crab.core import csvtext
from crab.core.text import Measures, once


@once
def _rows(m: Measures) -> list[list[str]]:
    """The rows of the CSV that the response is, or else of the first that it fences."""
    texts = [m.body, *(fence.code for fence in m.markdown.code if fence.language == "csv")]
    return next(filter(None, (csvtext.parse(text)[0] for text in texts)), [])


def is_sheet(m: Measures) -> bool:
    """Whether the rows look like data: prose whose lines have as many commas each can be CSV too."""
    rows = _rows(m)
    spaced = any(cell[:1].isspace() for row in rows for cell in row)
    return len(rows) > 2 and not spaced and Phrases(len(rows[0])).problem(rows[0]) is None


columns = counted(
    paper="Special output format",
    meaning="The number of columns of the CSV, the response or the first fenced one, stands in the relation to n.",
    one="CSV column",
    many="CSV columns",
    counts={"cells": lambda m: len(next(iter(_rows(m)), []))},
    prefer=(EXACTLY, AT_LEAST),
    when=is_sheet,
    forms=amounts(
        "CSV column",
        "CSV columns",
        relations=(AT_LEAST, EXACTLY),
        also_called=(("column in the CSV", "columns in the CSV"),),
    ),
)
rows = counted(
    paper="Special output format",
    meaning="The number of CSV rows below the first one, of the response or its first CSV fence, is in relation to n.",
    one="CSV row below the header",
    many="CSV rows below the header",
    counts={"records": lambda m: max(0, len(_rows(m)) - 1)},
    prefer=(EXACTLY, AT_LEAST),
    when=is_sheet,
    forms=amounts(
        "CSV row below the header",
        "CSV rows below the header",
        relations=(AT_LEAST, EXACTLY),
        also_called=(("data row in the CSV", "data rows in the CSV"),),
    ),
)

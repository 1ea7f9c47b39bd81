"""CSV: a text as rows of cells."""

from __future__ import annotations

import csv
import io


def parse(text: str) -> tuple[list[list[str]], str]:
    """The rows of comma-separated values, all of one length, and what is wrong with them ("" if nothing)."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text.strip("\n"), newline=""), strict=True):
            if rows and len(row) != len(rows[0]):
                return [], f"row {len(rows) + 1} has {len(row)} cells, the first one {len(rows[0])}"
            if len(row) < 2:
                return [], "a row without a comma"
            rows.append(row)
    except csv.Error as error:
        return [], str(error)
    return (rows, "") if len(rows) > 1 else ([], "fewer than 2 rows")

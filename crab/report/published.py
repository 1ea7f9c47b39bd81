"""The published table of CRAB (arXiv 2410.24175) as data, to stand beside what is measured here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One model's row, in percent; a number that the sources at hand do not give is missing."""

    model: str
    candidate: str
    """Name in `conf/candidate`: how to measure it."""
    ifeval: dict[str, float]
    """The four accuracies and `average`."""
    followbench: dict[str, float]
    """Hard satisfaction rate by level, L1 to L5, and `average`."""
    average: float | None
    """Of both averages."""
    note: str
    """What does not add up in this row."""


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """All rows, and where they are from."""

    source: str
    notes: tuple[str, ...]
    rows: tuple[PublishedRow, ...]


def load() -> PublishedTable:
    """The table, in the order of the paper."""
    values: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return PublishedTable(
        values["source"], tuple(values["notes"]), tuple(PublishedRow(**row) for row in values["rows"])
    )

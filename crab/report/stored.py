"""Reading what the stages left, where it may be missing: a report tells what is not there."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from crab.core import io
from crab.core.errors import DataError, Problem
from crab.core.records import PreferencePair, TrainingRow
from crab.data.preferences import PreferencePrompt

Record = TypeVar("Record")
PREFERENCE: Any = PreferencePair | PreferencePrompt | TrainingRow
"""A line of data/preferences.jsonl, whichever `dpo.algorithm` made it; a kind for `records` and `find`."""


def metrics(root: Path, stage: str) -> Mapping[str, Any] | None:
    """`results/<stage>.json`; None where it is not there.

    Raises:
        DataError: It is not a JSON object.
    """
    path = root / "results" / f"{stage}.json"
    if not path.exists():
        return None
    found = io.read_json(path)
    if not isinstance(found, dict):
        raise DataError(Problem(str(path), "not a mapping of metrics", "run `dvc repro`, which makes it"))
    return found


def records(path: Path, kind: type[Record]) -> Iterator[Record]:
    """The records of a file, none where it is not there.

    Raises:
        DataError: A line is not such a record.
    """
    if path.exists():
        yield from io.stream(path, kind)


def find(path: Path, kind: type[Record], id_: str, of: str = "id") -> list[Record]:
    """The records of a file that carry this id; only lines that hold its text are read as records.

    Raises:
        DataError: Such a line is not a record of this kind.
    """
    return [record for record in mentioning(path, kind, id_) if getattr(record, of) == id_]


def mentioning(path: Path, kind: type[Record], text: str) -> Iterator[Record]:
    """The records of a file on whose lines this text stands as a JSON string of its own; none where it is not there.

    Raises:
        DataError: Such a line is not a record of this kind.
    """
    if not path.exists():
        return
    wanted = json.dumps(text, ensure_ascii=False).encode()
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if wanted in line:
                try:
                    yield io.loads(kind, line)
                except ValueError:
                    raise DataError(Problem(f"{path}:{number}", f"not a {kind.__name__} record")) from None


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, none where it is not there."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))

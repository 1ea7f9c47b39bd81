"""Rows of JSONL, JSON, CSV and Parquet files, streamed; a malformed row is a record, never a crash.

What is wrong with a file as a whole (it is missing, of an unknown kind, or not readable at all) is raised before the
first row, for all files at once.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from crab.core import paths
from crab.core.errors import DataError, Problem
from crab.core.records import Rejected

LONGEST_ROW_BYTES = 10 * 2**20
"""Longer lines are not read into memory; no answer to an instruction comes near this."""
SHOWN_CHARACTERS = 200
"""How much of a row's text a `Rejected` keeps: enough to find it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a file, untyped, and where it stands."""

    where: str
    """`file:line`, or `file:row N` where there are no lines."""
    source: str
    """The file's name without its suffix, or the data set's name."""
    values: dict[str, Any]


def malformed(where: str, source: str, reason: str, found: str, record: dict[str, Any]) -> Rejected:
    """The line that says what is wrong with a row; of its values, only the beginnings are kept."""
    detail = f"{where}: {found}" if found else where
    return Rejected("seed", reason, plain(detail), {"source": source, "row": plain(record)})


def plain(value: Any, depth: int = 4) -> Any:
    """Any value as short, valid JSON: what cannot be written as UTF-8 is escaped, what is long is cut."""
    if isinstance(value, str):
        text = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "..."
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else "a very large number"
    if isinstance(value, dict) and depth:
        return {plain(str(key)): plain(item, depth - 1) for key, item in list(value.items())[:20]}
    if isinstance(value, list | tuple) and depth:
        return [plain(item, depth - 1) for item in value[:20]]
    return plain(f"{type(value).__name__}" if isinstance(value, dict | list | tuple) else repr(value))


def read(names: str | list[str]) -> Iterator[Row | Rejected]:
    """Stream the rows of one file or several, in order; relative paths start at the main checkout.

    Raises:
        DataError: With every file that is missing, of an unknown kind, or unreadable as a whole.
    """
    problems: list[Problem] = []
    files: list[Iterator[Row | Rejected]] = []
    for name in [names] if isinstance(names, str) else names:
        try:
            files.append(_open(name, paths.from_main_checkout(name)))
        except DataError as error:
            problems += error.problems
        except OSError as error:
            problems.append(Problem(name, f"cannot be read: {error.strerror or error}"))
    if problems:
        raise DataError(problems)
    return chain.from_iterable(files)


def _open(name: str, path: Path) -> Iterator[Row | Rejected]:
    if path.is_dir():
        raise DataError(Problem(name, "is a folder", "name the files in it"))
    if not path.is_file():
        raise DataError(Problem(name, f"no such file ({path})", "relative paths start at the main checkout"))
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(_READERS)
        raise DataError(Problem(name, f"unknown kind of file {path.suffix!r}", f"known kinds: {known}"))
    path.open("rb").close()
    return reader(name, path)


def _jsonl(name: str, path: Path) -> Iterator[Row | Rejected]:
    with open(path, "rb") as file:
        for number, (line, whole) in enumerate(_lines(file), 1):
            where = f"{name}:{number}"
            if not whole:
                yield _bad_line(where, path, "too long", f"over {LONGEST_ROW_BYTES} bytes", line)
                continue
            if not line.strip():
                continue
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                yield _bad_line(where, path, "not UTF-8", f"byte {error.start} is {line[error.start]:#04x}", line)
                continue
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:  # ValueError: also numbers of over 4,300 digits
                message = "nested too deeply" if isinstance(error, RecursionError) else str(error)
                yield _bad_line(where, path, "not JSON", message, line)
                continue
            yield _row(where, path, value)


def _lines(file: Any) -> Iterator[tuple[bytes, bool]]:
    """Lines of a binary file, and whether each is whole: of one that is too long only the beginning is kept."""
    while line := file.readline(LONGEST_ROW_BYTES):
        whole = line.endswith(b"\n") or len(line) < LONGEST_ROW_BYTES
        if not whole:
            while (rest := file.readline(LONGEST_ROW_BYTES)) and not rest.endswith(b"\n"):
                pass
        yield line, whole


def _bad_line(where: str, path: Path, reason: str, found: str, line: bytes) -> Rejected:
    text = line[: SHOWN_CHARACTERS * 4].decode("utf-8", "backslashreplace")
    return malformed(where, path.stem, reason, found, {"line": text})


def _row(where: str, path: Path, value: Any) -> Row | Rejected:
    if not isinstance(value, dict):
        return malformed(where, path.stem, "not an object", f"a {type(value).__name__}", {"value": value})
    return Row(where, path.stem, value)


def _json(name: str, path: Path) -> Iterator[Row | Rejected]:
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        fix = "one object a line is JSONL: name it .jsonl" if "Extra data" in str(error) else "mend or remove it"
        raise DataError(Problem(name, f"not JSON: {error}", fix)) from None
    if isinstance(value, dict):
        value = value.get("data")
    if not isinstance(value, list):
        raise DataError(Problem(name, "holds no list of rows", 'an array, or {"data": [...]}, is read'))
    return (_row(f"{name}:row {number}", path, item) for number, item in enumerate(value, 1))


def _csv(name: str, path: Path) -> Iterator[Row | Rejected]:
    csv.field_size_limit(LONGEST_ROW_BYTES)
    # Bytes that are no UTF-8 become lone surrogates, which the check of each text field refuses.
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file)
        header: list[str] | None = None
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield malformed(f"{name}:{reader.line_num}", path.stem, "not CSV", str(error), {})
                continue
            where = f"{name}:{reader.line_num}"
            if header is None:
                header = cells
            elif cells and len(cells) != len(header):
                found = f"{len(cells)} cells, the header has {len(header)}"
                yield malformed(where, path.stem, "not CSV", found, {"cells": cells})
            elif cells:
                yield Row(where, path.stem, dict(zip(header, cells, strict=True)))


def _parquet(name: str, path: Path) -> Iterator[Row | Rejected]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise DataError(Problem(name, f"not Parquet: {error}", "mend or remove it")) from None

    def rows() -> Iterator[Row | Rejected]:
        number = 0
        with file:
            for batch in file.iter_batches(batch_size=1000):
                for index in range(batch.num_rows):
                    number += 1
                    where = f"{name}:row {number}"
                    try:
                        values = {key: batch.column(key)[index].as_py() for key in batch.schema.names}
                    except UnicodeDecodeError as error:
                        yield malformed(where, path.stem, "not UTF-8", str(error.reason), {})
                        continue
                    yield Row(where, path.stem, values)

    return rows()


_READERS: dict[str, Callable[[str, Path], Iterator[Row | Rejected]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".csv": _csv,
    ".parquet": _parquet,
}


def require_rows(items: Iterable[Row | Rejected]) -> list[Row]:
    """All rows of a file that has to be sound throughout.

    Raises:
        DataError: With every malformed row.
    """
    rows = list(items)
    if problems := [Problem(item.detail, item.reason) for item in rows if isinstance(item, Rejected)]:
        raise DataError(problems)
    return [row for row in rows if isinstance(row, Row)]

"""The only place that knows how records and results lie on disk.

Files are written whole or not at all (a temporary name, then a rename), UTF-8, one object a line,
keys in field order, so that equal inputs give equal bytes.
"""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Generic, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from crab.core import processes
from crab.core.errors import DataError, Problem

Record = TypeVar("Record")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def dumps(record: Any) -> str:
    """One record as one line of JSON, without the newline."""
    kind: Any = type(record)
    return _adapter(kind).dump_json(record).decode("utf-8")


def loads(kind: type[Record], line: str | bytes) -> Record:
    """Read one record.

    Raises:
        pydantic.ValidationError: The line is not JSON, or not such a record.
    """
    adapter: TypeAdapter[Record] = _adapter(cast(Any, kind))
    return adapter.validate_json(line)


@contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file that takes the place of `path` once the block has succeeded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    try:
        with open(temporary, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what processes of this machine left of the file when they were killed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        number = left.name.split(".")[-2]
        with suppress(FileNotFoundError):  # another sweeper was faster
            if number.isdecimal() and not processes.at_work(int(number), left.stat().st_mtime):
                left.unlink()


@contextmanager
def writing(path: Path) -> Iterator[Callable[[Any], None]]:
    """A function that writes one record as a line of JSON; the file is in its place once the block has succeeded."""
    with replacing(path) as file:

        def put(record: Any) -> None:
            file.write(dumps(record) + "\n")

        yield put


def write(path: Path, records: Iterable[Any]) -> int:
    """Write records as JSON lines; returns how many."""
    count = 0
    with writing(path) as put:
        for record in records:
            put(record)
            count += 1
    return count


def stream(path: Path, kind: type[Record]) -> Iterator[Record]:
    """Yield the records of a JSON-lines file that a stage wrote, one at a time.

    Raises:
        DataError: The file is missing, or a line is not such a record.
    """
    if not path.exists():
        raise DataError(Problem(str(path), "no such file", "run `dvc repro`, which makes it"))
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield loads(kind, line)
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(str(part) for part in first["loc"]) or kind.__name__
                raise DataError(
                    Problem(f"{path}:{number}", f"not a {kind.__name__} record: {place}: {first['msg']}")
                ) from None


@dataclass(frozen=True)
class Stored(Generic[Record]):
    """The records of a JSON-lines file, read anew by each iteration; see `stream`."""

    path: Path
    kind: type[Record]

    def __iter__(self) -> Iterator[Record]:
        return stream(self.path, self.kind)


def read(path: Path, kind: type[Record]) -> list[Record]:
    """All records of a JSON-lines file; see `stream`."""
    return list(stream(path, kind))


def write_json(path: Path, value: Any) -> None:
    """Write metrics and other small results: keys sorted, two spaces, a final newline.

    Raises:
        ValueError: A number is NaN or infinite, which JSON has no word for.
    """
    with replacing(path) as file:
        json.dump(value, file, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def read_json(path: Path) -> Any:
    """Read a small JSON file that a stage wrote.

    Raises:
        DataError: The file is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(Problem(str(path), "no such file", "run `dvc repro`, which makes it")) from None
    except json.JSONDecodeError as error:
        raise DataError(Problem(f"{path}:{error.lineno}", f"not JSON: {error.msg}")) from None

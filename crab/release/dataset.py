"""The data set's folder: Parquet files by configuration and split, one record at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from crab.core.errors import DataError, Problem
from crab.core.records import Example, PreferencePair, TrainingRow
from crab.release import features
from crab.release.licences import Source
from crab.release.proof import Proof
from crab.report import stored

SPLITS = ("train", "dev", "heldout")
VERIFIED = Path("data/verified")
ROWS = (Path("data/crab/forward.jsonl"), Path("data/crab/reverse.jsonl"))
PREFERENCES = Path("data/preferences.jsonl")
BATCH = 1000


@dataclass(slots=True)
class Written:
    """What came to lie in the folder."""

    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    """Configuration -> split -> rows; without splits that are empty."""
    records: Counter[str] = field(default_factory=Counter)
    """Source -> verified records, released or not."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Source -> verified records that were left out."""
    rows_left_out: Counter[str] = field(default_factory=Counter)
    """Configuration -> rows whose seed was left out, or is not one of ours."""
    proof: Proof = field(default_factory=Proof)
    example: Example | None = None
    """The first record of the first split, to be shown."""


def sources(root: Path) -> list[str]:
    """The sources that verified records name."""
    return sorted({example.source for split in SPLITS for example in _verified(root, split)})


def write(root: Path, folder: Path, decided: Mapping[str, Source]) -> Written:
    """Write everything that may be released.

    Raises:
        DataError: Nothing may be, or a constraint is not true of its own response.
    """
    written = Written()
    released: dict[str, str] = {}
    for split in SPLITS:
        _write(folder, features.PAIRS, split, _pairs(root, split, decided, written, released), written)
    if not released:
        fix = "state licences (seed.licences), or take restricted sources with --include-restricted"
        raise DataError(Problem("release", "no record may be released: every source is left out", fix))
    if written.proof.false:
        found = f"{written.proof.false} constraints are not true of their own response"
        raise DataError(Problem(str(VERIFIED), found, "run `dvc repro`, which verifies them with today's checkers"))
    _write(folder, features.ROWS, "train", _rows(root, released, written), written)
    _write(folder, features.PREFERENCES, "train", _preferences(root, released, written), written)
    return written


def _pairs(
    root: Path, split: str, decided: Mapping[str, Source], written: Written, released: dict[str, str]
) -> Iterator[dict[str, Any]]:
    for example in _verified(root, split):
        source = decided[example.source]
        written.records[source.name] += 1
        if not source.included:
            written.left_out[source.name] += 1
            continue
        released[example.id] = source.name
        written.proof.add(example)
        written.example = written.example or example
        yield features.pair(example, source.licence)


def _rows(root: Path, released: Mapping[str, str], written: Written) -> Iterator[dict[str, Any]]:
    for path in ROWS:
        for made in stored.records(root / path, TrainingRow):
            if made.seed_id in released:
                yield features.row(made, released[made.seed_id])
            else:
                written.rows_left_out[features.ROWS] += 1


def _preferences(root: Path, released: Mapping[str, str], written: Written) -> Iterator[dict[str, Any]]:
    for made in stored.records(root / PREFERENCES, stored.PREFERENCE):
        if not isinstance(made, PreferencePair):
            return  # prompts or answers of another algorithm than DPO
        if made.seed_id in released:
            yield features.preference(made, released[made.seed_id])
        else:
            written.rows_left_out[features.PREFERENCES] += 1


def _verified(root: Path, split: str) -> Iterator[Example]:
    return stored.records(root / VERIFIED / f"{split}.jsonl", Example)


def _write(folder: Path, name: str, split: str, rows: Iterable[dict[str, Any]], written: Written) -> None:
    """Write a split, if it has a row; the features stand in the file, where `datasets` looks for them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    waiting = iter(rows)
    first = list(islice(waiting, BATCH))
    if not first:
        return
    schema = features.declared(name).arrow_schema
    file = folder / name / f"{split}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with pq.ParquetWriter(file, schema) as writer:
        for batch in chain([first], iter(lambda: list(islice(waiting, BATCH)), [])):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            count += len(batch)
    written.rows.setdefault(name, {})[split] = count

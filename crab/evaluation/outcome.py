"""What an evaluation leaves on disk: metrics, one line a prompt with its verdicts, and tables for `dvc plots`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from crab.core import io
from crab.evaluation.benchmark import Benchmark, CountRow, TypeRow
from crab.evaluation.intervals import Bootstrap

RECORDS = "records"
"""Folder with `<benchmark>.jsonl`: which benchmarks there are is a choice, and DVC wants to know names beforehand."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What models reached on one benchmark."""

    benchmark: Benchmark[Any, Any]
    prompts: Sequence[Any]
    scored: Mapping[str, Sequence[Any]]
    """Model -> its scored responses, in the order of the prompts."""


def write(
    folder: Path, outcomes: Sequence[Outcome], bootstrap: Bootstrap, beside: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write `metrics.json`, `records/<benchmark>.jsonl`, `by_type.csv` and `by_count.csv`; returns the metrics.

    Args:
        folder: Where.
        outcomes: One per benchmark.
        bootstrap: How intervals are made.
        beside: Further metrics, e.g. a guard's.
    """
    metrics: dict[str, Any] = dict(beside or {})
    types: list[dict[str, Any]] = []
    counts: list[dict[str, Any]] = []
    for outcome in outcomes:
        benchmark, found = outcome.benchmark, (outcome.prompts, outcome.scored, bootstrap)
        metrics[benchmark.name] = benchmark.summary(*found)
        types += [{"benchmark": benchmark.name, **asdict(row)} for row in benchmark.by_type(*found)]
        counts += [{"benchmark": benchmark.name, **asdict(row)} for row in benchmark.by_count(*found)]
        lines = (line for lines in outcome.scored.values() for line in lines)
        io.write(folder / RECORDS / f"{benchmark.name}.jsonl", lines)
    _write_csv(folder / "by_type.csv", TypeRow, types)
    _write_csv(folder / "by_count.csv", CountRow, counts)
    io.write_json(folder / "metrics.json", metrics)
    return metrics


def _write_csv(path: Path, kind: type[TypeRow | CountRow], rows: Sequence[Mapping[str, Any]]) -> None:
    with io.replacing(path) as file:
        table = csv.DictWriter(file, ["benchmark", *(field.name for field in fields(kind))], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)

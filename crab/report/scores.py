"""What the models reached, in tables: by benchmark, type and number of constraints, and beside the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crab.report import published, stored
from crab.report.charts import Mark
from crab.report.published import PublishedTable
from crab.report.table import COUNTS, DIFFERENCES, HEADS, MODELS, PUBLISHED, TITLES, interval, verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A model's line."""

    model: str
    cells: tuple[str, ...]
    mark: Mark | None
    """Of the first column, for the picture."""
    n: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Two models on the same prompts."""

    models: str
    measure: str
    mark: Mark
    points: str
    interval: str
    detectable: str
    says: str


@dataclass(frozen=True, slots=True)
class Scores:
    """One benchmark."""

    name: str
    title: str
    version: str
    prompts: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    limit: float
    """Largest end of a difference's interval, for the picture's scale."""
    is_share: bool
    """Whether the first column is one, so that it can be drawn from 0 to 100 %."""


@dataclass(frozen=True, slots=True)
class Group:
    """Estimates of every model on one type, or one number of constraints."""

    label: str
    n: str
    marks: tuple[Mark, ...]

    def cells(self, models: Sequence[str]) -> list[str]:
        """The numbers, a cell per model."""
        known = {mark.name: mark for mark in self.marks}
        return ["–" if (one := known.get(model)) is None else _said(one.mean, one.low, one.high) for model in models]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A benchmark by type or by number of constraints."""

    benchmark: str
    models: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def series(self) -> list[tuple[str, list[Mark | None]]]:
        """Turned round: model -> its estimate in each group."""
        by_group = [{mark.name: mark for mark in group.marks} for group in self.groups]
        return [(model, [marks.get(model) for marks in by_group]) for model in self.models]


@dataclass(frozen=True, slots=True)
class Beside:
    """The paper's table with the measured models under it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Model, `published` or `measured`, cells."""
    table: PublishedTable
    measured: bool


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was measured."""

    benchmarks: tuple[Scores, ...]
    by_type: tuple[Breakdown, ...]
    by_count: tuple[Breakdown, ...]


def build(root: Path) -> Results:
    """Read results/metrics.json, by_type.csv and by_count.csv; what is not there is empty."""
    metrics = stored.metrics(root, "metrics") or {}
    return Results(
        benchmarks=tuple(
            _scores(name, models) for name, models in metrics.items() if isinstance(models, Mapping) and _models(models)
        ),
        by_type=tuple(_breakdowns(stored.table(root / "results/by_type.csv"), "type")),
        by_count=tuple(_breakdowns(stored.table(root / "results/by_count.csv"), "constraints")),
    )


def beside(root: Path) -> Beside:
    """The published table, with what was measured here in its columns."""
    metrics = stored.metrics(root, "metrics") or {}
    paper = published.load()
    columns = [(name, metric, title) for name, titles in PUBLISHED.items() for metric, title in titles.items()]
    rows = []
    for row in paper.rows:
        known = {"ifeval": row.ifeval, "followbench": row.followbench}
        numbers = [known[name].get(metric.rpartition("/")[2]) for name, metric, _ in columns]
        rows.append((row.model, "published", tuple("–" if one is None else f"{one:.1f}" for one in numbers)))
    models = sorted({model for name in PUBLISHED for model in _models(metrics.get(name) or {})}, key=place)
    for model in models:
        blocks = [_at((metrics.get(name) or {}).get(model, {}), metric) for name, metric, _ in columns]
        rows.append((model, "measured", tuple("–" if one is None else _cell(one, "") for one in blocks)))
    return Beside(
        columns=tuple(title for *_, title in columns),
        rows=tuple(rows),
        table=paper,
        measured=bool(models),
    )


def place(name: str) -> tuple[int, str]:
    """Of a model, or of a pair by its first model."""
    first = name.partition("-")[0]
    return (MODELS.index(first) if first in MODELS else len(MODELS)), name


def _scores(name: str, models: Mapping[str, Any]) -> Scores:
    rows = {model: models[model] for model in _models(models)}
    columns = [metric for metric in TITLES if any(_at(row, metric) is not None for row in rows.values())]
    pairs = models.get(DIFFERENCES) or {}
    differences = tuple(_differences(pairs))
    ends = [abs(end) for one in differences for end in (one.mark.low, one.mark.high, one.mark.mean) if end is not None]
    return Scores(
        name=name,
        title=HEADS.get(name, name),
        version=str(models.get("version", "")),
        prompts=str(models.get("prompts", "")),
        columns=tuple(TITLES[metric] for metric in columns),
        rows=tuple(
            Row(
                model,
                tuple("–" if _at(row, metric) is None else _cell(_at(row, metric), metric) for metric in columns),
                _mark(model, _at(row, columns[0])),
                next((str(block["n"]) for block in row.values() if isinstance(block, Mapping) and "n" in block), "–"),
            )
            for model, row in rows.items()
        ),
        differences=differences,
        limit=max(ends, default=0.0),
        is_share=columns[0] not in COUNTS,
    )


def _models(models: Mapping[str, Any]) -> list[str]:
    """Names of the rows that hold a metric we show."""
    return [
        name
        for name in sorted(models, key=place)
        if name != DIFFERENCES and any(_at(models[name], metric) is not None for metric in TITLES)
    ]


def _differences(pairs: Mapping[str, Any]) -> Iterator[Difference]:
    for pair in sorted(pairs, key=place):
        for metric, title in TITLES.items():
            block = _at(pairs[pair], metric)
            if metric not in COUNTS and isinstance(block, Mapping) and {"mean", "low", "high"} <= block.keys():
                low, high = block["low"], block["high"]
                yield Difference(
                    models=pair.replace("-", "\u00a0−\u00a0"),
                    measure=title,
                    mark=Mark(f"{pair}, {title}", block["mean"], low, high),
                    points=f"{100 * block['mean']:+.1f}",
                    interval=interval(low, high, sign=True),
                    detectable="–" if block.get("detectable") is None else f"{100 * block['detectable']:.1f}",
                    says=verdict(low, high),
                )


def _breakdowns(rows: Sequence[Mapping[str, str]], by: str) -> Iterator[Breakdown]:
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows):
        own = [row for row in rows if row["benchmark"] == benchmark]
        models = tuple(sorted({row["model"] for row in own}, key=place))
        groups = []
        for label in dict.fromkeys(row[by] for row in own):
            there = sorted((row for row in own if row[by] == label), key=lambda row: place(row["model"]))
            counts = sorted({int(row["n"]) for row in there})
            n = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
            groups.append(Group(label, n, tuple(_from_csv(row) for row in there)))
        yield Breakdown(benchmark, models, tuple(groups))


def _from_csv(row: Mapping[str, str]) -> Mark:
    low, high = (float(row[end]) if row[end] else None for end in ("low", "high"))
    return Mark(row["model"], float(row["accuracy"]), low, high)


def _at(row: Any, metric: str) -> Any:
    """A metric of a model; `/` leads into a group. None where it is not a number or an interval."""
    found: Any = row
    for part in metric.split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    block = found.get("mean") if isinstance(found, Mapping) else found
    return found if isinstance(block, int | float) and not isinstance(block, bool) else None


def _mark(model: str, found: Any) -> Mark | None:
    if found is None:
        return None
    block = found if isinstance(found, Mapping) else {"mean": found}
    return Mark(model, block["mean"], block.get("low"), block.get("high"))


def _cell(found: Any, metric: str) -> str:
    block = found if isinstance(found, Mapping) else {"mean": found}
    return _said(block["mean"], block.get("low"), block.get("high"), 1 if metric in COUNTS else 100)


def _said(mean: float, low: float | None, high: float | None, scale: int = 100) -> str:
    span = "" if low is None or high is None else f" [{scale * low:.1f}, {scale * high:.1f}]"
    return f"{scale * mean:.1f}{span}"

"""The end of `make run`: every model with its interval, what each stage took, and where to look further."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from crab.config.section import load
from crab.config.track import TrackConfig
from crab.core import io
from crab.tracking import journal, store

METRICS = Path("results/metrics.json")
DIFFERENCES = "differences"
STAGES = ("seed", "backtranslate", "verify", "base", "sft", "dpo", "eval")

MODELS = ("chance", "base", "sft", "dpo")
"""Rows in this order, then whatever else there is."""
TITLES = {
    "prompt_strict": "all met",
    "instruction_strict": "each met",
    "words": "words",
    "ended": "ended",
    "grammatical": "grammar",
    "on_topic": "on topic",
}
"""Column titles, in this order; a metric that is not here is in the file only."""
MIN_WIDTH = 100
"""Columns; a pipe says 80, which would break every number over two lines."""
COUNTS = ("words",)
"""Metrics that are no shares."""


def show() -> None:
    """Print the last run's results."""
    metrics = io.read_json(METRICS)
    console = Console()
    console.width = max(console.width, MIN_WIDTH)
    for benchmark, models in metrics.items():
        if isinstance(models, Mapping) and any(_rows(models)):
            console.print(accuracies(benchmark, models))
            if models.get(DIFFERENCES):
                console.print(differences(models[DIFFERENCES]))
    console.print(f"numbers   {METRICS}; one line a prompt with its verdicts: results/heldout.jsonl", soft_wrap=True)
    if seconds := _seconds():
        console.print(f"seconds   {seconds}", soft_wrap=True)
    config = load("track", TrackConfig)
    if config.name == "mlflow" and (page := store.ui(config.experiment, config.uri)):
        command, address = page
        console.print(f"MLflow    {command + '   then open' if command else 'open'}", soft_wrap=True, highlight=False)
        console.print(f"          {address}", soft_wrap=True, highlight=False)


def accuracies(benchmark: str, models: Mapping[str, Any]) -> Table:
    """One row a model: shares in percent with their 95 % interval, and n."""
    rows = dict(_rows(models))
    columns = [name for name in TITLES if any(name in row for row in rows.values())]
    table = Table(
        title=f"{benchmark}, strict: prompts with all constraints met, each constraint met; percent [95 % interval]",
        title_justify="left",
        box=box.SIMPLE,
    )
    table.add_column("model")
    for name in columns:
        table.add_column(TITLES[name], justify="right")
    table.add_column("n", justify="right")
    for model, row in rows.items():
        table.add_row(model, *(_value(row.get(name), name) for name in columns), _n(row))
    return table


def differences(pairs: Mapping[str, Any]) -> Table:
    """One row a pair of models: the paired difference, and whether its interval leaves out 0."""
    table = Table(title="differences on the same prompts, in points", title_justify="left", box=box.SIMPLE)
    for title in ("models", "measure", "points", "95 % interval", "says"):
        table.add_column(title, justify="right" if title == "points" else "left")
    for pair in sorted(pairs, key=_place):
        for name in TITLES:
            block = pairs[pair].get(name)
            if isinstance(block, Mapping) and {"mean", "low", "high"} <= block.keys():
                low, high = block["low"], block["high"]
                points = f"{100 * block['mean']:+.1f}"
                table.add_row(pair, TITLES[name], points, interval(low, high, sign=True), verdict(low, high))
    return table


def interval(low: float | None, high: float | None, sign: bool = False) -> str:
    """An interval of shares in percent."""
    if low is None or high is None:
        return "[one observation]"
    return f"[{100 * low:+.1f}, {100 * high:+.1f}]" if sign else f"[{100 * low:.1f}, {100 * high:.1f}]"


def verdict(low: float | None, high: float | None) -> str:
    """What an interval of a difference allows one to say."""
    if low is None or high is None:
        return "undecided: one observation"
    if low > 0:
        return "higher"
    return "lower" if high < 0 else "undecided: the interval contains 0"


def _rows(models: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (name, models[name])
        for name in sorted(models, key=_place)
        if name != DIFFERENCES
        and isinstance(models[name], Mapping)
        and any(metric in models[name] for metric in TITLES)
    ]


def _place(name: str) -> int:
    """Of a model, or of a pair by its first model."""
    first = name.partition("-")[0]
    return MODELS.index(first) if first in MODELS else len(MODELS)


def _value(value: Any, name: str) -> str:
    if value is None:
        return "-"
    block = value if isinstance(value, Mapping) else {"mean": value}
    scale = 1 if name in COUNTS else 100
    if block.get("low") is None or block.get("high") is None:
        return f"{scale * block['mean']:.1f}"
    return f"{scale * block['mean']:.1f} [{scale * block['low']:.1f}, {scale * block['high']:.1f}]"


def _n(row: Mapping[str, Any]) -> str:
    """Prompts behind the first measure: what an interval over prompts counts."""
    return next((str(block["n"]) for block in row.values() if isinstance(block, Mapping) and "n" in block), "-")


def _seconds() -> str:
    """Of the newest execution of each stage, which need not be of the last run: a cached stage takes none."""
    took = {stage: done.seconds for stage in STAGES if (done := journal.latest(stage)) and done.seconds is not None}
    if not took:
        return ""
    each = ", ".join(f"{stage} {seconds:.0f}" for stage, seconds in took.items())
    return f"{each}; together {sum(took.values()):.0f} (when each stage last ran)"

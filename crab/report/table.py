"""The end of `make run`: every model with its interval, what each stage took, and where to look further."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from crab.config.section import load
from crab.config.track import TrackConfig
from crab.core import io
from crab.tracking import journal, store

METRICS = Path("results/metrics.json")
DIFFERENCES = "differences"
STAGES = ("seed", "backtranslate", "verify", "base", "sft", "dpo", "eval")

TITLES = {
    "prompt_strict": "all constraints met",
    "instruction_strict": "constraints met",
    "words": "words",
    "ended": "ended by itself",
    "grammatical": "grammatical",
    "on_topic": "on topic",
}
"""Column titles, in this order; a metric that is not here is in the file only."""
COUNTS = ("words",)
"""Metrics that are no shares."""


def show() -> None:
    """Print the last run's results."""
    metrics = io.read_json(METRICS)
    console = Console()
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
    table = Table(title=f"{benchmark}: mean and 95 % interval", title_justify="left")
    table.add_column("model")
    for name in columns:
        table.add_column(TITLES[name], justify="right")
    table.add_column("n", justify="right")
    for model, row in rows.items():
        table.add_row(model, *(_value(row.get(name), name) for name in columns), _n(row))
    return table


def differences(pairs: Mapping[str, Any]) -> Table:
    """One row a pair of models: the paired difference, and whether its interval leaves out 0."""
    table = Table(title="differences on the same prompts", title_justify="left")
    for title in ("models", "measure", "points", "95 % interval", "says"):
        table.add_column(title, justify="right" if title == "points" else "left")
    for pair, measures in pairs.items():
        for name, block in measures.items():
            if isinstance(block, Mapping) and {"mean", "low", "high"} <= block.keys() and name in TITLES:
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
        (name, row)
        for name, row in models.items()
        if name != DIFFERENCES and isinstance(row, Mapping) and any(metric in row for metric in TITLES)
    ]


def _value(value: Any, name: str) -> str:
    if value is None:
        return "-"
    block = value if isinstance(value, Mapping) else {"mean": value}
    scale, unit = (1, "") if name in COUNTS else (100, " %")
    if block.get("low") is None or block.get("high") is None:
        return f"{scale * block['mean']:.1f}{unit}"
    return f"{scale * block['mean']:.1f}{unit} [{scale * block['low']:.1f}, {scale * block['high']:.1f}]"


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

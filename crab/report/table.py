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
from crab.report import contamination, published, teaching
from crab.tracking import journal, store

METRICS = Path("results/metrics.json")
SEED = Path("results/seed.json")
DIFFERENCES = "differences"
STAGES = ("seed", "backtranslate", "verify", "base", "sft", "dpo", "eval")

MODELS = ("chance", "base", "sft", "dpo")
"""Rows in this order, then whatever else there is."""
TITLES = {
    "prompt_strict": "all met",
    "instruction_strict": "each met",
    "prompt_level_strict_acc": "strict: all",
    "inst_level_strict_acc": "strict: each",
    "prompt_level_loose_acc": "loose: all",
    "inst_level_loose_acc": "loose: each",
    "average": "average",
    "hsr/L1-L2": "HSR L1-L2",
    "hsr/L3-L5": "HSR L3-L5",
    "hsr/average": "HSR average",
    "parsed": "parsed",
    "confirmed": "confirmed",
    "elsewhere": "hold elsewhere",
    "all_confirmed": "all confirmed",
    "bits_per_byte": "bits per byte",
    "words": "words",
    "ended": "ended",
    "grammatical": "grammar",
    "on_topic": "on topic",
}
"""Column titles by metric, in this order; a metric that is not here is in the file only."""
MIN_WIDTH = 112
"""Columns; a pipe says 80, which would break every number over two lines."""
COUNTS = ("bits_per_byte", "words")
"""Metrics that are no shares."""
HEADS = {
    "heldout": "heldout, strict: prompts with all constraints met, each constraint met",
    "unseen": "unseen, strict: the same for constraint types that training never states",
    "ifeval": "ifeval, official rules: all and each of the instructions met, mean of the four",
    "ifbench": "ifbench, official rules: all and each of the instructions met, mean of the four",
    "followbench": "followbench: items with all constraints met (HSR)",
}
PUBLISHED = {
    "ifeval": {
        "prompt_level_strict_acc": "[S]P",
        "inst_level_strict_acc": "[S]I",
        "prompt_level_loose_acc": "[L]P",
        "inst_level_loose_acc": "[L]I",
        "average": "IF",
    },
    "followbench": {
        "hsr/L1": "L1",
        "hsr/L2": "L2",
        "hsr/L3": "L3",
        "hsr/L4": "L4",
        "hsr/L5": "L5",
        "hsr/L1-L2": "L1-2",
        "hsr/L3-L5": "L3-5",
        "hsr/average": "FB",
    },
}
"""Benchmark -> metric -> column of the published table, which calls FollowBench's numbers by the level alone."""


def show() -> None:
    """Print the last run's results."""
    metrics = io.read_json(METRICS)
    console = wide_console()
    print_benchmarks(metrics, console)
    if SEED.exists() and (removed := contamination.removed(io.read_json(SEED))):
        console.print(removed)
    console.print(f"numbers   {METRICS}; one line a prompt with its verdicts: results/records/", soft_wrap=True)
    for line in teaching.lines():
        console.print(line, soft_wrap=True, highlight=False)
    if seconds := _seconds():
        console.print(f"seconds   {seconds}", soft_wrap=True)
    config = load("track", TrackConfig)
    if config.name == "mlflow" and (page := store.ui(config.experiment, config.uri)):
        command, address = page
        console.print(f"MLflow    {command + '   then open' if command else 'open'}", soft_wrap=True, highlight=False)
        console.print(f"          {address}", soft_wrap=True, highlight=False)


def wide_console() -> Console:
    """Where tables are printed."""
    console = Console()
    console.width = max(console.width, MIN_WIDTH)
    return console


def print_benchmarks(metrics: Mapping[str, Any], console: Console) -> None:
    """Every benchmark's models and their differences, and beside them what is published."""
    for benchmark, models in metrics.items():
        if isinstance(models, Mapping) and any(_rows(models)):
            console.print(accuracies(benchmark, models))
            if models.get(DIFFERENCES):
                console.print(differences(models[DIFFERENCES]))
    if any(benchmark in metrics for benchmark in PUBLISHED):
        print_published(metrics, console)


def print_published(metrics: Mapping[str, Any], console: Console) -> None:
    """The paper's table with the measured models under it, in its own columns, and what to know about it."""
    paper = published.load()
    columns = [(name, metric, title) for name, titles in PUBLISHED.items() for metric, title in titles.items()]
    table = Table(
        title="the paper's table and ours, percent", title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0)
    )
    for title in ("model", "is", *(title for _, _, title in columns)):
        table.add_column(title, justify="left" if title in ("model", "is") else "right", no_wrap=title != "model")
    for row in paper.rows:
        known = {"ifeval": row.ifeval, "followbench": row.followbench}
        numbers = [known[name].get(metric.rpartition("/")[2]) for name, metric, _ in columns]
        table.add_row(row.model, "published", *("-" if one is None else f"{one:.1f}" for one in numbers))
    for model in sorted({model for name in PUBLISHED for model, _ in _rows(metrics.get(name, {}))}, key=_place):
        blocks = [_at(metrics, f"{name}/{model}/{metric}") for name, metric, _ in columns]
        table.add_row(model, "measured", *("-" if one is None else f"{100 * one['mean']:.1f}" for one in blocks))
    console.print(table)
    console.print(f"published: {paper.source}", soft_wrap=True)
    for note in (*paper.notes, *(f"{row.model}: {row.note}" for row in paper.rows if row.note)):
        console.print(f"- {note}", soft_wrap=True, highlight=False)


def accuracies(benchmark: str, models: Mapping[str, Any]) -> Table:
    """One row a model: shares in percent with their 95 % interval, and n."""
    rows = dict(_rows(models))
    columns = [name for name in TITLES if any(_at(row, name) is not None for row in rows.values())]
    table = Table(
        title=f"{HEADS.get(benchmark, benchmark)}; percent [95 % interval]",
        title_justify="left",
        box=box.SIMPLE,
    )
    table.add_column("model")
    for name in columns:
        table.add_column(TITLES[name], justify="right")
    table.add_column("n", justify="right")
    for model, row in rows.items():
        table.add_row(model, *(_value(_at(row, name), name) for name in columns), _n(row))
    return table


def differences(pairs: Mapping[str, Any]) -> Table:
    """One row a pair of models: the paired difference, and whether its interval leaves out 0."""
    table = Table(title="differences on the same prompts, in points", title_justify="left", box=box.SIMPLE)
    for title in ("models", "measure", "points", "95 % interval", "detectable", "says"):
        table.add_column(title, justify="right" if title in ("points", "detectable") else "left")
    for pair in sorted(pairs, key=_place):
        for name in TITLES:
            block = pairs[pair].get(name)
            if isinstance(block, Mapping) and {"mean", "low", "high"} <= block.keys():
                low, high = block["low"], block["high"]
                points = f"{100 * block['mean']:+.1f}"
                # The smallest true difference that four of five such comparisons would find.
                least = "-" if block.get("detectable") is None else f"{100 * block['detectable']:.1f}"
                table.add_row(pair, TITLES[name], points, interval(low, high, sign=True), least, verdict(low, high))
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
        and any(_at(models[name], metric) is not None for metric in TITLES)
    ]


def _at(row: Mapping[str, Any], metric: str) -> Any:
    """A metric of a model; `/` leads into a group."""
    found: Any = row
    for part in metric.split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


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

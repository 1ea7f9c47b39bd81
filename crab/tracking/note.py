"""What a reader of a run's page sees first: the question, what was changed, what came out, and how to have it again.

MLflow shows the first lines and folds the rest, and sets tables without room between their columns: so lines and lists.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from crab.evaluation.headline import MEASURES
from crab.tracking.journal import CANDIDATES, Row

MODELS = ("sft", "dpo", "base", "chance")
"""Told in this order, then whatever else there is."""
MOST_CHANGES = 12
"""An experiment that changes more is better told by its name; all values are among the parameters."""
SHOWN = "figures/accuracy_by_count_heldout.svg"
"""The figure that the note holds, where it is there; the others are among the artifacts."""
_MEASURE = f"(?:{'|'.join(map(re.escape, MEASURES))})"
_MEASURED = re.compile(rf"(?P<benchmark>[^/]+)/(?P<model>[^/]+)/{_MEASURE}")
_DIFFERENCE = re.compile(rf"(?P<benchmark>[^/]+)/differences/(?P<pair>[^/]+)/{_MEASURE}")


def write(row: Row, run_id: str) -> str:
    """The note in Markdown.

    Args:
        row: The experiment; one that still runs has no results.
        run_id: Of its run in MLflow, whose figure is shown.
    """
    parts = [
        f"**{row.question}**" if row.question else "",
        *_changed(row.changes),
        *_results(row.metrics),
        _again(row),
        _stages(row.stages),
        f"![Accuracy by number of constraints](get-artifact?path={SHOWN}&run_uuid={run_id})"
        if SHOWN in row.files
        else "",
    ]
    return "\n\n".join(part for part in parts if part)


def summary(changes: Mapping[str, tuple[str, str]], most: int = 4) -> str:
    """The changes in one line, as one would type them."""
    said = [f"{name}={here}" for name, (_, here) in changes.items()]
    return ", ".join(said[:most]) + (f" and {len(said) - most} more" if len(said) > most else "")


def _changed(changes: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    lines = [f"{_code(name)} = {_code(here)}, not {_code(there)}" for name, (there, here) in changes.items()]
    if len(lines) == 1:
        yield f"Changed: {lines[0]}."
    elif lines:
        rest = [f"and {len(lines) - MOST_CHANGES} more: see the parameters"] if len(lines) > MOST_CHANGES else []
        yield "Changed against the committed params.yaml:"
        yield "\n".join(f"- {line}" for line in [*lines[:MOST_CHANGES], *rest])


def _results(metrics: Mapping[str, float]) -> Iterator[str]:
    measured: dict[str, dict[str, str]] = defaultdict(dict)
    prompts: dict[str, float] = {}
    for name, mean in metrics.items():
        if (found := _MEASURED.fullmatch(name)) and (n := metrics.get(f"{name}.n")):
            measured[found["benchmark"]].setdefault(found["model"], f"{100 * mean:.1f}{_interval(metrics, name)}")
            prompts[found["benchmark"]] = n
    if measured:
        yield "Percent with all constraints met (IFEval, IFBench: mean of the four accuracies), interval over prompts:"
        yield "\n".join(f"- {name}: {_told(row)} (n = {prompts[name]:.0f})" for name, row in measured.items())
    if differences := list(_differences(metrics)):
        yield "Differences on the same prompts, in points; one whose interval holds 0 is not shown to be there:"
        yield "\n".join(differences)


def _told(row: Mapping[str, str]) -> str:
    return ", ".join(f"{model} {row[model]}" for model in sorted(row, key=_place))


def _differences(metrics: Mapping[str, float]) -> Iterator[str]:
    for name, mean in metrics.items():
        if found := _DIFFERENCE.fullmatch(name):
            pair, span = found["pair"].replace("-", " − "), _interval(metrics, name, "+")
            yield f"- {found['benchmark']}, {pair}: {100 * mean:+.1f}{span}"


def _interval(metrics: Mapping[str, float], name: str, sign: str = "") -> str:
    low, high = metrics.get(f"{name}.low"), metrics.get(f"{name}.high")
    return "" if low is None or high is None else f" [{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"


def _again(row: Row) -> str:
    where = f"Commit `{row.commit[:12]}`" if row.commit else "No commit"
    state = f"{where}{', with changed sources' if row.dirty else ''}{f'; family *{row.family}*' if row.family else ''}."
    if row.family == CANDIDATES:
        return f"{state} Again: `python -m crab eval run {row.name}`."
    if "/workspace/" not in row.key:
        return f"{state} Back again, from the cache: `dvc exp apply {row.name}`."
    return f"{state} Again: `git checkout {row.commit[:12]}`, params.yaml from the artifacts, `make run`."


def _stages(stages: Mapping[str, str]) -> str:
    by_origin: dict[str, list[str]] = defaultdict(list)
    for stage, how in stages.items():
        by_origin[how].append(stage)
    return "; ".join(f"{', '.join(named)}: {how}" for how, named in by_origin.items())


def _code(value: str) -> str:
    """A value as Markdown shows it: in one line, and not longer than reads well."""
    text = " ".join(value.split()).replace("`", "'")
    return f"`{text[:80]}{'…' if len(text) > 80 else ''}`"


def _place(model: str) -> tuple[int, str]:
    return (MODELS.index(model) if model in MODELS else len(MODELS)), model

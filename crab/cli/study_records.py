"""The runs of a study, as git and DVC keep them; seconds come from this machine's journal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crab.cli import comparison, queue
from crab.cli.comparison import Scores
from crab.cli.families import Point
from crab.cli.queue import Finished
from crab.cli.valid_runs import ValidRuns
from crab.core.errors import CrabError, Problem
from crab.report.studied import Run
from crab.tracking import identity, journal, lineage, rows
from crab.tracking.journal import Execution

METRICS = {"results/metrics.json": "", "results/sft.json": "sft", "results/dpo.json": "dpo"}
"""Where numbers are -> what their names in MLflow begin with."""


@dataclass(frozen=True, slots=True)
class Found:
    """The runs that are there."""

    runs: tuple[Run, ...]
    """In the order of the study."""
    revisions: Mapping[str, str]
    """Name of a run -> its commit in git."""
    missing: tuple[str, ...]
    outdated: tuple[str, ...]
    """Runs that were made with other values or other code than those of now."""


def collect(root: Path, points: Sequence[Point]) -> Found:
    """Each point's newest valid run, or its newest one where none is valid.

    Raises:
        CrabError: A run's results are not in this clone.
    """
    valid = ValidRuns(root, points).newest()
    newest = {one.name: one for one in queue.finished(root)} | valid
    makers = _makers()
    there = [point for point in points if point.name in newest]
    return Found(
        runs=tuple(_run(root, point, newest[point.name], makers) for point in there),
        revisions={point.name: newest[point.name].revision for point in there},
        missing=tuple(point.name for point in points if point.name not in newest),
        outdated=tuple(point.name for point in there if point.name not in valid),
    )


class Answers:
    """Scores of the models of each run, prompt by prompt; each file is read once."""

    def __init__(self, root: Path, found: Found) -> None:
        self._root = root
        self._found = found
        self._texts: dict[tuple[str, str], str] = {}

    def of(self, arm: str, model: str, benchmark: str) -> dict[int | None, Scores]:
        """Random seed -> scores."""
        return {
            run.seed: comparison.read(self._text(run.name, benchmark), model, run.name)
            for run in self._found.runs
            if run.arm == arm
        }

    def _text(self, name: str, benchmark: str) -> str:
        key = name, benchmark
        if key not in self._texts:
            path = f"results/records/{benchmark}.jsonl"
            self._texts[key] = _read(self._root, self._found.revisions[name], name, path)
        return self._texts[key]


def _run(root: Path, point: Point, one: Finished, makers: Mapping[tuple[str, str], Execution]) -> Run:
    lock = lineage.read(identity.git("show", f"{one.revision}:dvc.lock", folder=root))
    outputs = {path for stage in lock for path in lineage.outputs(lock, stage)}
    metrics: dict[str, float] = {}
    for path, prefix in METRICS.items():
        if path in outputs:
            metrics |= rows.metrics(prefix, json.loads(_read(root, one.revision, point.name, path)))
    return Run(
        name=point.name,
        arm=point.arm,
        seed=point.random_seed,
        commit=one.baseline,
        metrics=metrics,
        seconds=dict(_seconds(lock, makers)),
    )


def _makers() -> dict[tuple[str, str], Execution]:
    """Stage and its outputs -> the first execution that made them, since a later one found the machine as it was."""
    found: dict[tuple[str, str], Execution] = {}
    for execution in journal.executions():
        if execution.status == "finished" and execution.outputs:
            found.setdefault((execution.stage, _digest(execution.outputs)), execution)
    return found


def _seconds(lock: Mapping[str, Any], makers: Mapping[tuple[str, str], Execution]) -> Iterator[tuple[str, float]]:
    for stage in lock:
        made = makers.get((stage, _digest(lineage.outputs(dict(lock), stage))))
        if made is not None and made.seconds is not None:
            yield stage, made.seconds


def _digest(outputs: Mapping[str, str]) -> str:
    return json.dumps(outputs, sort_keys=True)


def _read(root: Path, revision: str, name: str, path: str) -> str:
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException

    try:
        text: str = DVCFileSystem(str(root), rev=revision).read_text(path, encoding="utf-8")
    except (DvcException, OSError) as error:
        raise CrabError(
            Problem(f"{name}: {path}", str(error), "`dvc exp pull` fetches what this clone lacks")
        ) from None
    return text

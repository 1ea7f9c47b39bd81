"""One small file per stage execution in the main checkout: the record that MLflow's rows can be rebuilt from.

`.work/journal/<id>.json` holds an execution, `<id>.running.json` one that has not ended, `<id>.steps.jsonl` its
curves, and `rows/` one complete record per experiment, written by the track stage.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from crab.core import io, paths, processes

Status = Literal["running", "finished", "failed", "killed"]
CANDIDATES = "candidates"
"""Family of rows of models that were evaluated and not trained: `crab eval run` makes them."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One stage that really ran."""

    id: str
    stage: str
    status: Status
    key: str
    """The experiment's; see `identity.Experiment`."""
    name: str
    family: str
    commit: str
    dirty: bool
    host: str
    pid: int
    started: float
    """Seconds since 1970."""
    ended: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    message: str = ""
    """Why it failed."""
    inputs: dict[str, str] = field(default_factory=dict)
    """Content hash by path, as DVC knew it when the stage began."""
    outputs: dict[str, str] = field(default_factory=dict)
    """Content hash by path; known once DVC has stored them, so filled in by the track stage."""

    @property
    def seconds(self) -> float | None:
        return None if self.ended is None else self.ended - self.started


@dataclass(frozen=True, slots=True)
class Row:
    """A whole experiment, as MLflow shows it: self-contained, so that it can be written again anywhere."""

    key: str
    name: str
    family: str
    commit: str
    dirty: bool
    status: Status
    started: float
    ended: float | None
    params: dict[str, str]
    metrics: dict[str, float] = field(default_factory=dict)
    lineage: dict[str, str] = field(default_factory=dict)
    """Content hash by output path, from `dvc.lock`."""
    stages: dict[str, str] = field(default_factory=dict)
    """Stage -> `executed`, or where its outputs came from."""
    files: dict[str, str] = field(default_factory=dict)
    """Small text files by path: results, parameters, figures."""
    question: str = ""
    """What the family or the named experiment asks."""
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Parameter -> its value in the commit's params.yaml, and here."""


def folder() -> Path:
    return paths.work_root() / "journal"


def begin(stage: str, experiment: Any, inputs: Mapping[str, str]) -> Execution:
    """A new execution of this process; not written yet."""
    now = time.time()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))
    return Execution(
        id=f"{stamp}-{stage}-{uuid.uuid4().hex[:8]}",
        stage=stage,
        status="running",
        key=experiment.key,
        name=experiment.name,
        family=experiment.family,
        commit=experiment.commit,
        dirty=experiment.dirty,
        host=socket.gethostname(),
        pid=os.getpid(),
        started=now,
        inputs=dict(inputs),
    )


def end(execution: Execution, status: Status, metrics: Mapping[str, float], message: str = "") -> Execution:
    """The same execution, ended now; not written yet."""
    return replace(execution, status=status, ended=time.time(), metrics=dict(metrics), message=message)


def save(execution: Execution) -> None:
    """Write an execution, in place of what was known about it."""
    place = folder()
    running = place / f"{execution.id}.running.json"
    io.write(running if execution.status == "running" else place / f"{execution.id}.json", [execution])
    if execution.status != "running":
        running.unlink(missing_ok=True)


def save_row(row: Row) -> None:
    """Write an experiment's record, in place of an earlier one with the same key."""
    io.write(folder() / "rows" / f"{hashlib.sha256(row.key.encode()).hexdigest()[:16]}.json", [row])


def executions(running: bool = False) -> Iterator[Execution]:
    """Every execution that has ended, oldest first; or those that have not."""
    for file in sorted(folder().glob("*.json")):
        if file.name.endswith(".running.json") == running and (found := _read(file, Execution)):
            yield found


def rows() -> Iterator[Row]:
    """Every experiment's record."""
    for file in sorted((folder() / "rows").glob("*.json")):
        if found := _read(file, Row):
            yield found


def abandoned() -> list[Execution]:
    """Mark executions whose process died without a word as killed; returns them."""
    found = []
    for execution in executions(running=True):
        if execution.host == socket.gethostname() and not processes.at_work(execution.pid, execution.started):
            ended = replace(execution, status="killed", ended=_last_sign(execution), message="the process died")
            save(ended)
            found.append(ended)
    return found


def latest(stage: str) -> Execution | None:
    """The newest finished execution of a stage."""
    return max((e for e in executions() if e.stage == stage and e.status == "finished"), key=_started, default=None)


def append_step(execution: Execution, step: int, when: float, metrics: Mapping[str, float]) -> None:
    """Add one point to the execution's curves; `when` is in seconds since 1970."""
    with open(folder() / f"{execution.id}.steps.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps({"step": step, "time": when, "metrics": dict(metrics)}) + "\n")


def steps(execution: Execution) -> Iterator[tuple[int, float, dict[str, float]]]:
    """The execution's curves: step, time, metrics. A line cut short by a kill ends them."""
    path = folder() / f"{execution.id}.steps.jsonl"
    if not path.exists():
        return
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.endswith("\n"):
                return
            point = json.loads(line)
            yield point["step"], point["time"], point["metrics"]


def _read(file: Path, kind: type[Any]) -> Any:
    try:
        return io.loads(kind, file.read_bytes())
    except (ValidationError, FileNotFoundError):
        return None  # written by another version, or ended this moment


def _started(execution: Execution) -> float:
    return execution.started


def _last_sign(execution: Execution) -> float:
    path = folder() / f"{execution.id}.steps.jsonl"
    return path.stat().st_mtime if path.exists() else execution.started

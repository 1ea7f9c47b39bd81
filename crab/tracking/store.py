"""The only module that knows MLflow.

One MLflow experiment holds a parent run per experiment of ours and a child per executed stage; every write may be
repeated.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crab.core import io, paths
from crab.core.errors import DataError
from crab.tracking import board, journal, note
from crab.tracking.journal import Execution, Row, Status

MAX_PARAM = 6000
"""Characters of a parameter's value that MLflow keeps."""
MAX_TAG = 5000
"""Characters of a tag's value that every backend keeps."""
PARAMS_PER_CALL = 100
METRICS_PER_CALL = 1000
ENDED = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}


class UnavailableError(Exception):
    """MLflow cannot be reached or written; work goes on without it."""


def uri(configured: str | None = None) -> str:
    """Where runs go: MLFLOW_TRACKING_URI, else `track.uri`, else an SQLite file in the main checkout."""
    chosen = os.environ.get("MLFLOW_TRACKING_URI") or configured or "sqlite:///mlflow.db"
    # Stages run in folders that are deleted afterwards, so a relative file means one in the main checkout.
    if chosen.startswith("sqlite:///") and not chosen.startswith("sqlite:////"):
        return f"sqlite:///{paths.main_checkout() / chosen.removeprefix('sqlite:///')}"
    return chosen


@contextmanager
def unavailable_if_it_fails() -> Iterator[None]:
    """Turn what MLflow, its database layer or the network raise into `UnavailableError`."""
    from alembic.util.exc import CommandError
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, CommandError, OSError) as error:
        first_line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        # After these words come the layers that the failure went through.
        raise UnavailableError(first_line.partition(" with exception ")[0][:300]) from error


@dataclass(slots=True)
class Store:
    """An open tracking store."""

    client: Any
    experiment_id: str
    _parents: dict[str, str] = field(default_factory=dict)

    def open_experiment(self, row: Row) -> str:
        """The run of an experiment, made if need be, marked as running; returns its id."""
        run_id = self._parent(row)
        self.client.update_run(run_id, status="RUNNING")
        self.client.set_tag(run_id, "crab.status", "running")
        return run_id

    def write_experiment(self, row: Row) -> str:
        """The complete run of an experiment, made or completed; returns its id."""
        run_id = self._parent(row)
        # Which run made this model? All other hashes are in dvc.lock, among the artifacts.
        tags = {f"lineage.{path}": md5 for path, md5 in row.lineage.items() if path.startswith("models/")}
        tags |= {f"crab.stage.{stage}": how for stage, how in row.stages.items()}
        tags |= {"crab.status": row.status, "mlflow.note.content": note.write(row, run_id)}
        self._write(run_id, row.metrics, row.ended or time.time(), tags)
        for path, text in row.files.items():
            self.client.log_text(run_id, text, path)
        self._end(run_id, row.status, row.ended)
        return run_id

    def open_stage(self, execution: Execution, parent: str) -> str:
        """A running child for a stage that has just begun; returns its id."""
        from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

        tags = {
            MLFLOW_PARENT_RUN_ID: parent,
            "crab.kind": "stage",
            "crab.stage": execution.stage,
            "crab.execution": execution.id,
            "crab.host": execution.host,
            **_origin(execution),
        }
        run = self.client.create_run(
            self.experiment_id,
            run_name=f"{execution.stage} ({execution.name})",
            start_time=round(execution.started * 1000),
            tags=tags,
        )
        return str(run.info.run_id)

    def write_stage(self, execution: Execution) -> None:
        """The complete child of a stage that has ended, made from the journal or completed; none without a parent."""
        run_id = self._find(f"tags.`crab.execution` = '{execution.id}'")
        if run_id is None:
            parent = self._find(f"tags.`crab.key` = '{execution.key}' and tags.`crab.kind` = 'experiment'")
            if parent is None:
                return
            run_id = self.open_stage(execution, parent)
        if self.client.get_run(run_id).info.status == "RUNNING":
            # What a process that died had not sent yet; MLflow knows a point by its time, so none is there twice.
            self.log_points(run_id, journal.steps(execution))
        self.close_stage(run_id, execution)

    def close_abandoned(self, gone: Iterable[Execution]) -> None:
        """Mark stages, and with them experiments, whose process died without a word."""
        for execution in gone:
            self.close_experiment(execution.key, execution.status, execution.ended)
            self.write_stage(execution)

    def close_stage(self, run_id: str, execution: Execution) -> None:
        """Write a child's numbers, hashes and end."""
        tags = {f"crab.in.{path}": md5 for path, md5 in execution.inputs.items()}
        tags |= {f"crab.out.{path}": md5 for path, md5 in execution.outputs.items()}
        tags |= {"crab.status": execution.status} | ({"crab.message": execution.message} if execution.message else {})
        seconds = {} if execution.seconds is None else {"seconds": execution.seconds}
        self._write(run_id, {**execution.metrics, **seconds}, execution.ended or time.time(), tags)
        self._end(run_id, execution.status, execution.ended)

    def close_experiment(self, key: str, status: Status, ended: float | None) -> None:
        """Mark an experiment that did not get to its end."""
        if run_id := self._find(f"tags.`crab.key` = '{key}' and tags.`crab.kind` = 'experiment'"):
            self.client.set_tag(run_id, "crab.status", status)
            self._end(run_id, status, ended)

    def attach(self, key: str, path: Path, folder: str) -> bool:
        """Put a file beside an experiment's own; returns whether the store knows the experiment."""
        run_id = self._find(f"tags.`crab.key` = '{key}' and tags.`crab.kind` = 'experiment'")
        if run_id is not None:
            self.client.log_artifact(run_id, str(path), folder)
        return run_id is not None

    def log_points(self, run_id: str, points: Iterable[tuple[int, float, Mapping[str, float]]]) -> None:
        """Add points (step, seconds since 1970, values) to a run's curves."""
        from mlflow.entities import Metric

        values = [
            Metric(name, value, round(when * 1000), step) for step, when, at in points for name, value in at.items()
        ]
        for start in range(0, len(values), METRICS_PER_CALL):
            self.client.log_batch(run_id, metrics=values[start : start + METRICS_PER_CALL])

    def statuses(self) -> dict[str, str]:
        """Status of every run by what it is about: an experiment's key, or an execution's id."""
        found: dict[str, str] = {}
        token = None
        while True:
            batch = self.client.search_runs([self.experiment_id], max_results=1000, page_token=token)
            for run in batch:
                about = run.data.tags.get("crab.execution") or run.data.tags.get("crab.key")
                if about:
                    found[about] = run.data.tags.get("crab.status", "running")
            token = batch.token
            if not token:
                return found

    def _parent(self, row: Row) -> str:
        """The run of an experiment, with every parameter; found by its key or made, by one process at a time."""
        if row.key in self._parents:
            return self._parents[row.key]
        with _locked():
            run_id = self._find(f"tags.`crab.key` = '{row.key}' and tags.`crab.kind` = 'experiment'")
            if run_id is None:
                run = self.client.create_run(
                    self.experiment_id,
                    run_name=row.name,
                    start_time=round(row.started * 1000),
                    tags={
                        "crab.kind": "experiment",
                        "crab.status": "running",
                        "crab.changes": _cut(note.summary(row.changes), MAX_TAG),
                        **_origin(row),
                    },
                )
                run_id = str(run.info.run_id)
                self.client.set_tag(run_id, "mlflow.note.content", note.write(row, run_id))
                self._write_params(run_id, row.params)
        self._parents[row.key] = run_id
        return run_id

    def _find(self, query: str) -> str | None:
        hits = self.client.search_runs([self.experiment_id], query, max_results=1)
        return hits[0].info.run_id if hits else None

    def _write_params(self, run_id: str, params: Mapping[str, str]) -> None:
        from mlflow.entities import Param

        values = [Param(name, _cut(value, MAX_PARAM)) for name, value in params.items()]
        for start in range(0, len(values), PARAMS_PER_CALL):
            self.client.log_batch(run_id, params=values[start : start + PARAMS_PER_CALL])

    def _write(self, run_id: str, metrics: Mapping[str, float], when: float, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        self.log_points(run_id, [(0, when, metrics)])
        pairs = [RunTag(name, _cut(value, MAX_TAG)) for name, value in tags.items()]
        for start in range(0, len(pairs), PARAMS_PER_CALL):
            self.client.log_batch(run_id, tags=pairs[start : start + PARAMS_PER_CALL])

    def _end(self, run_id: str, status: Status, ended: float | None) -> None:
        if status in ENDED:
            self.client.set_terminated(run_id, ENDED[status], end_time=round((ended or time.time()) * 1000))


def connect(experiment: str, configured: str | None = None) -> Store:
    """Open the tracking store; the first time makes its tables, which takes some seconds.

    Raises:
        UnavailableError: It cannot be reached or written.
    """
    with unavailable_if_it_fails(), _locked():
        from mlflow import MlflowClient

        for name in ("alembic", "mlflow", "sqlalchemy", "urllib3"):
            logging.getLogger(name).setLevel(logging.ERROR)
        where = uri(configured)
        _check_writable(where)
        client = MlflowClient(tracking_uri=where)
        found = client.get_experiment_by_name(experiment)
        if found is None:
            # A location that MLflow chooses itself would be in the folder of the first process, which DVC may delete.
            local = (paths.main_checkout() / "mlartifacts").as_uri() if where.startswith("sqlite:") else None
            experiment_id = client.create_experiment(experiment, artifact_location=local, tags=board.tags())
        else:
            experiment_id = found.experiment_id
            for name, value in board.tags().items():
                if name not in found.tags:  # what a reader has written there since stays
                    client.set_experiment_tag(experiment_id, name, value)
        known = _known_ids()
        if (about := f"{safe(where)} {experiment}") not in known:
            io.write_json(paths.work_root() / "mlflow.json", {**known, about: str(experiment_id)})
        return Store(client, str(experiment_id))


def ui(experiment: str, configured: str | None = None) -> tuple[str, str] | None:
    """The command that serves the store's UI (empty for a server, which serves itself) and the page to open.

    None before anything was recorded. Does not load MLflow.
    """
    where = uri(configured)
    known = _known_ids().get(f"{safe(where)} {experiment}")
    if known is None:
        return None
    if where.startswith("http"):
        return "", f"{safe(where).rstrip('/')}/{board.page(known)}"
    local = f"sqlite:///{paths.main_checkout()}/"
    shown = f"sqlite:///{where.removeprefix(local)}" if where.startswith(local) else safe(where)
    return f".venv/bin/mlflow ui --backend-store-uri {shown}", f"http://127.0.0.1:5000/{board.page(known)}"


def _known_ids() -> dict[str, str]:
    try:
        known: dict[str, str] = io.read_json(paths.work_root() / "mlflow.json")
    except DataError:
        return {}
    return known


def safe(where: str) -> str:
    """An address without the user name and password that it may hold."""
    scheme, separator, rest = where.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else where


def _origin(what: Row | Execution) -> dict[str, str]:
    return {
        "crab.key": what.key,
        "crab.experiment": what.name,
        "crab.family": what.family,
        "crab.commit": what.commit,
        "crab.dirty": str(what.dirty).lower(),
        "mlflow.source.git.commit": what.commit,
    }


def _cut(value: str, limit: int) -> str:
    if len(value) <= limit:
        return value
    end = f" ... ({len(value)} characters; whole in params.yaml)"
    return value[: limit - len(end)] + end


def _check_writable(where: str) -> None:
    """Ask SQLite itself first: MLflow would try again for minutes to open a file that cannot be opened."""
    if not where.startswith("sqlite:///"):
        return
    try:
        connection = sqlite3.connect(where.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise UnavailableError(str(error)) from error


@contextmanager
def _locked() -> Iterator[None]:
    """One process at a time: MLflow's own table creation and our find-or-create are no transactions."""
    place = paths.work_root()
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "mlflow.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

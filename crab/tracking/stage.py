"""The frame around a stage: checks before anything heavy, a clean message for a mistake, a record of what happened."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from crab.config import section
from crab.config.section import load
from crab.config.track import TrackConfig
from crab.core.errors import ConfigError, CrabError, Problem, ResourceError
from crab.tracking import identity, journal, lineage, process, rows, story, warn
from crab.tracking.journal import Execution, Row, Status
from crab.tracking.store import Store, UnavailableError, connect, safe, unavailable_if_it_fails, uri

FLUSH_SECONDS = 5.0
"""Between two writes of curves to MLflow: a write to SQLite takes about 0.1 s."""


class Run:
    """A stage that is running. Recording never stops it: what fails costs one warning."""

    def __init__(self, execution: Execution, row: Row, config: TrackConfig, records: bool) -> None:
        self._execution = execution
        self._row = row
        self._config = config
        self._records = records
        self._metrics: dict[str, float] = {}
        self._points: list[tuple[int, float, Mapping[str, float]]] = []
        self._flushed = time.monotonic()
        self._store: Store | None = None
        self._run_id = ""

    def log(self, metrics: Mapping[str, Any]) -> None:
        """Record results; what is nested is flattened, and only numbers count."""
        self._metrics |= rows.metrics("", metrics)

    def log_step(self, step: int, metrics: Mapping[str, float]) -> None:
        """Record one point of each curve, e.g. the loss at an optimiser step."""
        if not self._records:
            return
        point = (step, time.time(), rows.metrics("", metrics))
        with _journal():
            journal.append_step(self._execution, *point)
        self._points.append(point)
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self._flush()

    def _begin(self, live: bool) -> None:
        if not self._records:
            return
        with _journal():
            journal.folder().mkdir(parents=True, exist_ok=True)
            gone = journal.abandoned()
            journal.save(self._execution)
            if live and self._config.name == "mlflow":
                self._open(gone)

    def _open(self, gone: list[Execution]) -> None:
        try:
            store = connect(self._config.experiment, self._config.uri)
            with unavailable_if_it_fails():
                store.close_abandoned(gone)
                self._run_id = store.open_stage(self._execution, store.open_experiment(self._row))
            self._store = store
        except UnavailableError as error:
            self._give_up(error)

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        points, self._points = self._points, []
        if self._store is not None:
            try:
                with unavailable_if_it_fails():
                    self._store.log_points(self._run_id, points)
            except UnavailableError as error:
                self._give_up(error)

    def _end(self, status: Status, message: str = "") -> None:
        if not self._records:
            return
        self._execution = journal.end(self._execution, status, self._metrics, message)
        with _journal():
            journal.save(self._execution)
        if self._config.name != "mlflow":
            return
        self._flush()
        try:
            if self._store is not None:
                with unavailable_if_it_fails():
                    self._store.close_stage(self._run_id, self._execution)
                    if status != "finished":
                        self._store.close_experiment(self._execution.key, status, self._execution.ended)
            elif status == "failed" and not self._run_id:
                # A stage too short for curves costs no import of MLflow, unless its experiment ends here.
                store = connect(self._config.experiment, self._config.uri)
                with unavailable_if_it_fails():
                    store.open_experiment(self._row)
                    store.write_stage(self._execution)
                    store.close_experiment(self._execution.key, status, self._execution.ended)
        except UnavailableError as error:
            self._give_up(error)

    def _give_up(self, error: UnavailableError) -> None:
        self._store = None
        where = safe(uri(self._config.uri))
        warn.once(
            f"MLflow at {where} is not recording: {error}. The run goes on and is kept in .work/journal; "
            "`python -m crab track sync` brings it in later."
        )


@contextmanager
def start(stage: str, live: bool = False) -> Iterator[Run]:
    """Run the body as a stage.

    Before it: every problem of `params.yaml` is reported at once, and the code must be this folder's own.
    After it: the journal holds what happened. A `CrabError` ends the process with its message and status 1.

    Args:
        stage: Name of the stage.
        live: Open the stage's run in MLflow at once, so that its curves show while it works.
    """
    process.prepare()
    try:
        process.check_own_code()
        params = section.read_params()
        _check(params)
        experiment = identity.current(params)
        execution = journal.begin(stage, experiment, lineage.inputs(lineage.of_workspace(), _dvc_yaml(), stage))
        run = Run(execution, _row(experiment, params, execution), load("track", TrackConfig, params), process.is_main())
    except CrabError as error:
        _stop(stage, error)
    with process.terminable():
        run._begin(live)
        try:
            yield run
        except CrabError as error:
            run._end("failed", str(error))
            _stop(stage, error)
        except KeyboardInterrupt:
            run._end("killed", "interrupted")
            print(f"crab: stage {stage} interrupted; the same command goes on where it was", file=sys.stderr)
            raise SystemExit(130) from None
        except SystemExit as error:
            run._end("killed" if error.code else "finished", f"exit status {error.code}" if error.code else "")
            raise
        except BaseException as error:
            run._end("failed", f"{type(error).__name__}: {error}")
            if _disk_is_full(error):
                _stop(stage, ResourceError(_FULL))
            raise
        run._end("finished")


_FULL = Problem(
    "the disk",
    "is full, or your quota on it is used up",
    "make room (old runs and caches: README, section on keeping and removing) and run the same command: it goes on",
)


def _disk_is_full(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, is a full disk; compiled libraries only say so in words."""
    if error is None:
        return False
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "No space left on device" in str(error) or _disk_is_full(error.__cause__ or error.__context__)


def _row(experiment: identity.Experiment, params: dict[str, Any], execution: Execution) -> Row:
    """What is known of an experiment when one of its stages begins."""
    question, changes = story.of_workspace(params)
    return Row(
        key=experiment.key,
        name=experiment.name,
        family=experiment.family,
        commit=experiment.commit,
        dirty=experiment.dirty,
        status="running",
        started=execution.started,
        ended=None,
        params=rows.parameters(params),
        question=question,
        changes=changes,
    )


def _check(params: dict[str, Any]) -> None:
    from crab import experiment  # knows every section, so that no stage has to

    if problems := experiment.validate(params):
        raise ConfigError(problems)


def _dvc_yaml() -> dict[str, Any]:
    path = Path("dvc.yaml")
    return (YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


@contextmanager
def _journal() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        warn.once(f"the journal in .work/journal cannot be written ({error.strerror}); the run goes on without it")


def _stop(stage: str, error: CrabError) -> Any:
    print(f"crab: stage {stage} stopped:", file=sys.stderr)
    for problem in error.problems:
        print(f"  - {problem}", file=sys.stderr)
    raise SystemExit(1) from None

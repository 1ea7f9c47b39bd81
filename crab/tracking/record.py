"""The complete row of an experiment, from what lies on disk; MLflow is a view that can be made again at any time."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from crab.config.section import load, read_params
from crab.config.track import TrackConfig
from crab.core import paths
from crab.core.errors import CrabError, Problem
from crab.tracking import identity, journal, lineage, rows, story, warn
from crab.tracking.identity import Experiment
from crab.tracking.journal import Execution, Row
from crab.tracking.store import Store, UnavailableError, connect, safe, unavailable_if_it_fails, uri

BOOKKEEPING = "track"
"""The stage that writes rows; it is no part of an experiment's lineage."""
HEADLINES = "results/summary.json"
DRAWN_FROM = ("results/", "data/verified/", "data/crab/rejected.jsonl", "data/preferences_rejected.jsonl")
"""Outputs that figures are made of."""

Draw = Callable[[Path], Mapping[str, str]]
"""Figures from a folder with outputs: text by file name. Given from outside: this room draws nothing."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What `sync` did."""

    experiments: int
    stages: int
    incomplete: tuple[str, ...]
    """Experiments of the repository whose results are not here (a `dvc pull` fetches them)."""


def no_figures(_folder: Path) -> Mapping[str, str]:
    """Draw nothing."""
    return {}


def workspace(draw: Draw = no_figures) -> Row:
    """The row of the experiment that has just run in this folder; also completes its stages in the journal."""
    params = read_params()
    experiment = identity.current(params)
    lock = lineage.of_workspace()
    ran = {execution.stage: execution for execution in _learn_outputs(experiment, lock)}
    row = _row(experiment, params, lock, lambda path: Path(path).read_text(encoding="utf-8"))
    question, changes = story.of_workspace(params)
    times = {f"seconds/{stage}": execution.seconds or 0.0 for stage, execution in ran.items()}
    return replace(
        row,
        started=min((execution.started for execution in ran.values()), default=row.started),
        metrics={**row.metrics, **times},
        stages=_origins(lock, ran),
        files={**row.files, **draw(Path())},
        question=question,
        changes=changes,
    )


def write(row: Row) -> None:
    """Keep a row in the journal and show it, with its stages, in MLflow; a store that is down costs a warning."""
    try:
        journal.save_row(row)
    except OSError as error:
        warn.once(f"the journal in .work/journal cannot be written ({error.strerror}); the row is not kept there")
    config = load("track", TrackConfig)
    if config.name != "mlflow":
        return
    try:
        store = connect(config.experiment, config.uri)
        with unavailable_if_it_fails():
            store.close_abandoned(journal.abandoned())
            store.write_experiment(row)
            for execution in journal.executions():
                if execution.key == row.key and execution.stage != BOOKKEEPING:
                    store.write_stage(execution)
    except UnavailableError as error:
        warn.once(
            f"MLflow at {safe(uri(config.uri))} is not recording: {error}. The row is kept in .work/journal; "
            "`python -m crab track sync` brings it in later."
        )


def sync(draw: Draw = no_figures) -> Synced:
    """Write to MLflow what it lacks: from the journal, and from the experiments that DVC keeps in git.

    Args:
        draw: Figures of experiments that the journal does not know; its own rows hold theirs.

    Raises:
        CrabError: The tracking store is not available.
    """
    config = load("track", TrackConfig)
    try:
        store = connect(config.experiment, config.uri)
        with unavailable_if_it_fails():
            return _sync(store, draw)
    except UnavailableError as error:
        raise CrabError(
            Problem(f"MLflow at {safe(uri(config.uri))}", str(error), "start the server, or mend MLFLOW_TRACKING_URI")
        ) from None


def attach(path: Path, folder: str) -> str:
    """Put a file beside the run of the workspace's results; returns why that is not possible, or nothing.

    A commit of the very same results gives them a new key: they are looked for by their content too.
    """
    config = load("track", TrackConfig)
    if config.name != "mlflow":
        return f"track = {config.name}"
    params, hashes = read_params(), _hashes(lineage.of_workspace())
    same = [row for row in journal.rows() if row.lineage == hashes and row.params == rows.parameters(params)]
    keys = [identity.current(params).key, *(row.key for row in sorted(same, key=lambda row: -row.started))]
    try:
        store = connect(config.experiment, config.uri)
        with unavailable_if_it_fails():
            known = any(store.attach(key, path, folder) for key in keys)
    except UnavailableError as error:
        return str(error)
    return "" if known else "it has no run of these results; `python -m crab track sync` writes what it lacks"


def _hashes(lock: dict[str, Any]) -> dict[str, str]:
    """Path -> content hash of every output."""
    return {path: md5 for stage in lock for path, md5 in lineage.outputs(lock, stage).items()}


def _sync(store: Store, draw: Draw) -> Synced:
    store.close_abandoned(journal.abandoned())
    known = store.statuses()
    experiments = stages = 0
    incomplete = []
    kept = {row.key: row for row in journal.rows()}
    if unknown := _unrecorded_workspace(list(kept.values()), draw):
        kept[unknown.key] = unknown
    done = set(kept) | {key for key, status in known.items() if status == "finished"}
    for experiment, row in _in_repository(done, draw):
        if row is None:
            incomplete.append(experiment.name)
        else:
            kept[row.key] = row
    for row in kept.values():
        if known.get(row.key) != row.status:
            store.write_experiment(row)
            experiments += 1
    for execution in journal.executions():
        if execution.stage == BOOKKEEPING or known.get(execution.id) == execution.status:
            continue
        if execution.key not in kept and execution.key not in known:
            store.open_experiment(_fragment(execution))
            store.close_experiment(execution.key, _fragment(execution).status, execution.ended)
            known[execution.key] = execution.status
        store.write_stage(execution)
        stages += 1
    return Synced(experiments, stages, tuple(incomplete))


def _unrecorded_workspace(kept: list[Row], draw: Draw) -> Row | None:
    """The workspace's row where its results came from elsewhere, as after a pull, so that no journal holds it."""
    lock = lineage.of_workspace()
    params = read_params()
    made_with = lock.get(BOOKKEEPING, {}).get("params", {}).get("params.yaml")
    if made_with != params or any(not Path(path).exists() for stage in lock for path in lineage.outputs(lock, stage)):
        return None
    row = workspace(draw)
    # Under a name that DVC gave, the same results may be there already.
    return None if any(old.lineage == row.lineage and old.params == row.params for old in kept) else row


def _in_repository(done: set[str], draw: Draw) -> Iterator[tuple[Experiment, Row | None]]:
    """Experiments that DVC keeps in git and that are not `done`; None where results are not in this clone's cache."""
    root = paths.main_checkout()
    listing = identity.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps", folder=root)
    for line in listing.splitlines():
        reference, _, revision = line.partition(" ")
        parts = reference.split("/")  # refs/exps/<2 digits>/<38 digits of the baseline>/<name>
        if len(parts) != 5 or len(parts[2] + parts[3]) != 40:
            continue
        text = identity.git("show", f"{revision}:params.yaml", folder=root)
        lock = lineage.read(identity.git("show", f"{revision}:dvc.lock", folder=root))
        params = YAML(typ="safe").load(text) if text else None
        if not isinstance(params, dict) or not lock:
            continue
        baseline = parts[2] + parts[3]
        sources = identity.in_commit(revision, root)
        experiment = identity.identify(
            baseline, sources, sources != identity.in_commit(baseline, root), params, text.encode(), parts[4]
        )
        if experiment.key not in done:
            row = _from_revision(experiment, params, lock, revision, draw)
            if row is not None:
                changes = story.changes(params, identity.git("show", f"{baseline}:params.yaml", folder=root))
                row = replace(row, changes=changes)
            yield experiment, row


def _from_revision(
    experiment: Experiment, params: dict[str, Any], lock: dict[str, Any], revision: str, draw: Draw
) -> Row | None:
    root = paths.main_checkout()
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException

    files = DVCFileSystem(str(root), rev=revision)
    try:
        row = _row(experiment, params, lock, lambda path: files.read_text(path, encoding="utf-8"))
    except (DvcException, OSError):
        return None
    question = story.question(params, lambda path: identity.git("show", f"{revision}:{path}", folder=root))
    when = float(identity.git("show", "-s", "--format=%ct", revision, folder=root).strip() or 0)
    ran = {e.stage: e for e in journal.executions() if e.key == experiment.key and e.status == "finished"}
    return replace(
        row,
        started=when,
        ended=when,
        stages=_origins(lock, ran),
        files={**row.files, **_drawn(files, row.lineage, draw)},
        question=question,
    )


def _drawn(files: Any, outputs: Iterable[str], draw: Draw) -> Mapping[str, str]:
    """Figures of a revision, from those of its outputs that this clone has."""
    from dvc.exceptions import DvcException

    with tempfile.TemporaryDirectory() as folder:
        for path in outputs:
            if path.startswith(DRAWN_FROM) and files.isfile(path):
                place = Path(folder, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                try:
                    files.get_file(path, str(place))
                except (DvcException, OSError):
                    place.unlink(missing_ok=True)
        return draw(Path(folder))


def _row(experiment: Experiment, params: Mapping[str, Any], lock: dict[str, Any], read: Callable[[str], str]) -> Row:
    """A finished experiment's row, of which only the times and the stages' origins are still missing."""
    hashes = _hashes(lock)
    results = [path for path in hashes if path.startswith("results/") and path.endswith(".json")]
    results.sort(key=lambda path: path != HEADLINES)  # MLflow preselects what was written first
    files = {path: read(path) for path in ["params.yaml", "dvc.lock", *results]}
    metrics: dict[str, float] = {}
    for path in results:
        metrics |= rows.of_result(path, json.loads(files[path]))
    now = journal.begin(BOOKKEEPING, experiment, {}).started
    return Row(
        key=experiment.key,
        name=experiment.name,
        family=experiment.family,
        commit=experiment.commit,
        dirty=experiment.dirty,
        status="finished",
        started=now,
        ended=now,
        params=rows.parameters(params),
        metrics=metrics,
        lineage=hashes,
        files={path: text for path, text in files.items() if len(text) <= rows.SMALL},
    )


def _learn_outputs(experiment: Experiment, lock: dict[str, Any]) -> list[Execution]:
    """The newest finished execution of each stage of this experiment, with the hashes that DVC gave its outputs."""
    newest: dict[str, Execution] = {}
    for execution in journal.executions():
        if execution.key == experiment.key and execution.status == "finished" and execution.stage in lock:
            newest[execution.stage] = execution
    learned = []
    for execution in newest.values():
        complete = replace(execution, outputs=lineage.outputs(lock, execution.stage))
        if complete != execution:
            journal.save(complete)
        learned.append(complete)
    return learned


def _origins(lock: dict[str, Any], ran: Mapping[str, Execution]) -> dict[str, str]:
    """How each stage's outputs came to be here."""
    makers = {
        (execution.stage, path, md5): execution.name
        for execution in journal.executions()
        for path, md5 in execution.outputs.items()
    }
    origins = {}
    for stage in lock:
        if stage == BOOKKEEPING:
            continue
        made = {makers.get((stage, path, md5)) for path, md5 in lineage.outputs(lock, stage).items()} - {None}
        known = f"from the cache, made by {min(made, key=str)}" if made else "from the cache"
        origins[stage] = "executed" if stage in ran else known
    return origins


def _fragment(execution: Execution) -> Row:
    """What is known of an experiment that never reached its end."""
    return Row(
        key=execution.key,
        name=execution.name,
        family=execution.family,
        commit=execution.commit,
        dirty=execution.dirty,
        status="killed" if execution.status == "finished" else execution.status,
        started=execution.started,
        ended=execution.ended,
        params={},
    )

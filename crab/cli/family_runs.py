"""Run a family through DVC's queue, and say how it goes."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from crab.cli import families, queue
from crab.core.errors import CrabError, Problem
from crab.tracking import journal
from crab.tracking.identity import git

LOOK_EVERY_SECONDS = 10
STALLED_SECONDS = 120
"""Nothing running and something queued for this long: the workers are gone."""


def queue_names(root: Path, name: str) -> list[str]:
    """Names of a family's points."""
    return [point.name for point in families.points(name, families.load(root, name))]


def queue_family(root: Path, name: str, again: bool) -> int:
    """Queue the points that neither have run on this commit nor wait in the queue; returns how many."""
    family = families.load(root, name)
    queue.check_ready(root)
    print(family.question)
    done = _done(root)
    states = queue.states(root)
    added = 0
    for point in families.points(name, family):
        if states.get(point.name) in ("Queued", "Running"):
            print(f"  {point.name}: is in the queue already")
            continue
        if point.name in done and not again:
            print(f"  {point.name}: has run on this commit (--again runs it once more)")
            continue
        if point.name in done:
            queue.remove(root, point.name)
        queue.add(root, point.name, point.overrides)
        added += 1
        print(f"  {point.name}: queued ({' '.join(point.overrides)})", flush=True)
    return added


def run(root: Path, name: str, workers: int) -> None:
    """Start workers and wait until every point of the family has ended.

    Raises:
        CrabError: Points failed, or the workers went away.
    """
    names = queue_names(root, name)
    if not set(names) - _done(root):
        return
    queue.start(root, workers)
    begun = last_active = time.monotonic()
    said = ""
    while True:
        states, done = queue.states(root), _done(root)
        left = [point for point in names if point not in done and states.get(point) in ("Queued", "Running")]
        line = f"{len(set(names) & done)} of {len(names)} done; {_at_work(names)}"
        if line != said:
            said = line
            minutes, seconds = divmod(round(time.monotonic() - begun), 60)
            free = shutil.disk_usage(root).free / 1e9
            print(f"[{minutes:3d}:{seconds:02d}] {line}; {free:.0f} GB of disk free", flush=True)
        if not left:
            break
        if any(states.get(point) == "Running" for point in left):
            last_active = time.monotonic()
        elif time.monotonic() - last_active > STALLED_SECONDS:
            raise CrabError(
                Problem("dvc queue", f"{len(left)} runs wait, and no worker takes them", "run this command again")
            )
        time.sleep(LOOK_EVERY_SECONDS)
    if failed := [point for point in names if point not in _done(root)]:
        raise CrabError([Problem(point, "failed", f"read why: dvc queue logs {point}") for point in failed])


def _done(root: Path) -> set[str]:
    head = git("rev-parse", "HEAD", folder=root).strip()
    return {experiment.name for experiment in queue.finished(root) if experiment.baseline == head}


def _at_work(names: list[str]) -> str:
    running = [f"{e.name}: {e.stage}" for e in journal.executions(running=True) if e.name in names]
    return "at work: " + ", ".join(running) if running else "between stages"

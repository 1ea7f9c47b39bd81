"""Run a family through DVC's queue, and say how it goes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from crab.cli import families, queue
from crab.cli.families import Point
from crab.cli.lost_runs import Watch
from crab.cli.valid_runs import ValidRuns
from crab.core.errors import CrabError, Problem
from crab.tracking import journal
from crab.tracking.identity import git

LOOK_EVERY_SECONDS = 10
STALLED_SECONDS = 120
"""Nothing running and something queued for this long: the workers are gone."""


def queue_family(root: Path, name: str, again: bool) -> int:
    """Queue the points of a family that need to run; see `queue_points`."""
    family = families.load(root, name)
    queue.check_ready(root)
    print(family.question)
    return queue_points(root, families.points(name, family), again)


def run_family(root: Path, name: str, workers: int) -> None:
    """Run a family that is queued, and wait for its end; see `run_points`."""
    run_points(root, families.points(name, families.load(root, name)), workers)


def queue_points(root: Path, points: Sequence[Point], again: bool) -> int:
    """Queue the points that neither have run with these values and this code nor wait already; returns how many."""
    valid = ValidRuns(root, points).names()
    states = queue.states(root)
    head = git("rev-parse", "HEAD", folder=root).strip()
    of_this_commit = {one.name for one in queue.finished(root) if one.baseline == head}
    added = 0
    for point in points:
        if states.get(point.name) in queue.ACTIVE:
            print(f"  {point.name}: is in the queue already")
            continue
        if point.name in valid and not again:
            print(f"  {point.name}: has run with these values and this code (--again runs it once more)")
            continue
        if point.name in of_this_commit:
            queue.remove(root, point.name)
        queue.add(root, point.name, point.overrides)
        added += 1
        print(f"  {point.name}: queued ({' '.join(point.overrides)})", flush=True)
    return added


def run_points(root: Path, points: Sequence[Point], workers: int) -> None:
    """Start workers and wait until every point has ended.

    Raises:
        CrabError: Points failed, or the workers went away.
    """
    names, valid = [point.name for point in points], ValidRuns(root, points)
    waiting = _left(root, names)
    if not waiting and not set(names) - valid.names():
        return
    queue.start(root, workers)
    begun = last_active = time.monotonic()
    said = ""
    watch = Watch(root)
    while True:
        if lost := [name for name in watch.release() if name in names]:
            print(f"  the worker of {', '.join(lost)} is gone; once more:", flush=True)
            queue_points(root, [point for point in points if point.name in lost], again=True)
            queue.start(root, workers)
        states = queue.states(root)
        left = _left(root, names, states)
        failed = sum(states.get(name) == "Failed" for name in waiting)
        ended = f"{len(names) - len(left) - failed} of {len(names)} done{f', {failed} failed' if failed else ''}"
        line = f"{ended}; {_at_work(names)}"
        if line != said:
            said = line
            elapsed = time.monotonic() - begun
            free = shutil.disk_usage(root).free / 1e9
            rest = _rest(len(waiting), len(left), elapsed)
            print(f"[{_clock(elapsed)}] {line}{rest}; {free:.0f} GB of disk free", flush=True)
        if not left:
            break
        if any(states.get(name) == "Running" for name in left):
            last_active = time.monotonic()
        elif time.monotonic() - last_active > STALLED_SECONDS:
            raise CrabError(
                Problem("dvc queue", f"{len(left)} runs wait, and no worker takes them", "run this command again")
            )
        time.sleep(LOOK_EVERY_SECONDS)
    done = valid.names()
    if lacking := [name for name in names if name not in done or (name in waiting and states.get(name) == "Failed")]:
        raise CrabError([_why(root, name, states) for name in lacking])


def _why(root: Path, name: str, states: Mapping[str, str]) -> Problem:
    if states.get(name) == "Success":
        return Problem(name, "ran with other values or code than those of now", "run this command again")
    return Problem(name, f"failed, and said last:\n    {queue.last_words(root, name)}", f"all: dvc queue logs {name}")


def _left(root: Path, names: Sequence[str], states: Mapping[str, str] | None = None) -> list[str]:
    states = queue.states(root) if states is None else states
    return [name for name in names if states.get(name) in queue.ACTIVE]


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes:3d}:{seconds:02d}"


def _rest(waiting: int, left: int, elapsed: float) -> str:
    """How long the rest takes if it goes on like that, once something has ended."""
    ended = waiting - left
    return f"; about {left * elapsed / ended / 60:.0f} min left" if ended > 0 and left else ""


def _at_work(names: Sequence[str]) -> str:
    running = [f"{e.name}: {e.stage}" for e in journal.executions(running=True) if e.name in names]
    return "at work: " + ", ".join(running) if running else "between stages"

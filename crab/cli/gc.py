"""`crab gc`: what takes room, what each costs if it is missed, and, when told so, away with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

from crab.cli.reclaim import answers, cached, experiments, mlflow_runs, work_folders
from crab.cli.reclaim.item import Item
from crab.config.section import load
from crab.config.track import TrackConfig
from crab.core.errors import CrabError, Problem

UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def run(root: Path, really: bool, answers_older: float | None, experiments_older: float | None) -> None:
    """Show what could go; delete it if `really`.

    Args:
        root: The main checkout, which is the current folder too.
        really: Without it nothing is changed.
        answers_older: Days; None leaves the response cache alone.
        experiments_older: Days; None leaves experiments alone.

    Raises:
        CrabError: Something could not be looked at or deleted; the rest was done.
    """
    problems: list[Problem] = []
    freed = 0
    # In this order: an experiment that goes leaves objects in the cache, which are looked for after it has gone.
    finders: list[Callable[[], Iterator[Item]]] = [
        partial(work_folders.find, root),
        partial(answers.find, answers_older),
        partial(experiments.find, root, experiments_older),
        partial(cached.find, root),
        partial(mlflow_runs.find, load("track", TrackConfig).uri),
    ]
    for find in finders:
        try:
            for kind, items in groupby(find(), lambda item: item.kind):
                print(kind)
                for item in items:
                    freed += _one(item, really, problems)
        except CrabError as error:
            problems += error.problems
    print(f"{'freed' if really else 'could be freed'}: {_shown(freed)}")
    if not really:
        print("nothing was deleted: `python -m crab gc --yes` does it; the journal always stays", file=sys.stderr)
        if answers_older is None or experiments_older is None:
            print("not looked at: --answers-older DAYS, --experiments-older DAYS", file=sys.stderr)
    if problems:
        raise CrabError(problems)


def _one(item: Item, really: bool, problems: list[Problem]) -> int:
    print(f"  {_shown(item.bytes):>10}  {item.what}")
    print(f"              costs: {item.costs}")
    try:
        why = item.delete() if really else ""
    except CrabError as error:
        why = str(error)
    if why:
        problems.append(Problem(item.what, why))
    return 0 if why else item.bytes or 0


def _shown(count: int | None) -> str:
    if count is None:
        return "?"
    unit, name = next(((unit, name) for unit, name in UNITS if count >= unit), (1, "B"))
    return f"{count / unit:.{0 if unit == 1 else 1}f} {name}"

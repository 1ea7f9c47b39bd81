"""Experiments that DVC keeps in git, by age: with one go its results, unless its commit or another run has them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from crab.cli import queue
from crab.cli.reclaim.item import DAY, Item, age

KIND = "experiments (dvc exp show)"


def find(root: Path, older_days: float | None) -> Iterator[Item]:
    """Experiments that are older than so many days; none where no age is given."""
    if older_days is None:
        return
    now = time.time()
    for one in queue.finished(root):
        if now - one.seconds > older_days * DAY:
            what = f"{one.name} (on {one.baseline[:8]}), {age(now - one.seconds)} old"
            costs = "`dvc exp apply` no longer brings it back; its row in MLflow and in the journal stays"
            # By its reference: a name may stand on several commits.
            reference = f"refs/exps/{one.baseline[:2]}/{one.baseline[2:]}/{one.name}"
            yield Item(KIND, what, None, costs, partial(_delete, root, reference))


def _delete(root: Path, reference: str) -> str:
    queue.dvc(root, "exp", "remove", reference)
    return ""

"""Objects in DVC's cache that neither the workspace nor an experiment uses; DVC finds and removes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from crab.cli import queue
from crab.cli.reclaim.item import Item
from crab.core import processes
from crab.core.errors import CrabError, Problem
from crab.tracking import journal

KIND = "DVC cache"
COMMAND = ("gc", "--workspace", "--all-experiments", "--force")
_REMOVING = "Removing "


def find(root: Path) -> Iterator[Item]:
    """What `dvc gc --workspace --all-experiments` would remove.

    Raises:
        CrabError: Something runs, whose outputs nothing refers to yet, or DVC failed.
    """
    _require_quiet(root)
    lines = queue.dvc(root, *COMMAND, "--dry").splitlines()
    there = [Path(line.removeprefix(_REMOVING)) for line in lines if line.startswith(_REMOVING)]
    found = [path.stat() for path in there if path.is_file()]
    if found:
        what = f"{len(found)} objects that neither the workspace nor an experiment uses"
        costs = "results of other commits and branches are computed again, or pulled from a remote"
        yield Item(KIND, what, sum(one.st_size for one in found), costs, partial(_delete, root))


def _delete(root: Path) -> str:
    _require_quiet(root)
    queue.dvc(root, *COMMAND)
    return ""


def _require_quiet(root: Path) -> None:
    running = [one for one in journal.executions(running=True) if processes.at_work(one.pid, one.started)]
    states = [name for name, state in queue.states(root).items() if state in queue.ACTIVE]
    if running or states:
        names = ", ".join(sorted({one.name for one in running} | set(states)))
        found = f"left alone while there are runs that may need it: {names}"
        raise CrabError(Problem(KIND, found, "wait for their end, or `dvc queue stop` and `dvc exp remove --queue`"))

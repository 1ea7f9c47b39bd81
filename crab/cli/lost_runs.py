"""Queued runs whose worker was killed: DVC lists them as running for ever, so nobody would run them again."""

from __future__ import annotations

import time
from pathlib import Path

from crab.core import processes

LOST_SECONDS = 30
"""So long without a process, and no worker that says it is at it: between processes a worker needs seconds."""


class Watch:
    """Looks at the queue's running entries again and again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._since: dict[str, float] = {}
        """Entry without a process -> when that was seen first."""

    def release(self) -> list[str]:
        """Tell DVC that lost runs have ended, so that they can be queued again; returns their names."""
        from dvc.repo import Repo
        from dvc.repo.experiments.queue.exceptions import CannotKillTasksError

        released = []
        with Repo(str(self._root)) as repo:
            queue = repo.experiments.celery_queue
            active = {entry.stash_rev: entry for entry in queue.iter_active()}
            self._since = {revision: since for revision, since in self._since.items() if revision in active}
            for revision, entry in active.items():
                process = queue.proc.get(revision)
                if process is not None and processes.at_work(process.pid, time.time()):
                    self._since.pop(revision, None)
                elif time.monotonic() - self._since.setdefault(revision, time.monotonic()) > LOST_SECONDS:
                    if process is not None and process.returncode is None:
                        # A signal reaches the rest of a process that nobody waits for: DVC would think it killed it.
                        process.returncode = -1
                        queue.proc[revision] = process
                    try:
                        queue.kill([revision])
                    except CannotKillTasksError:  # a worker says that it has it
                        continue
                    released.append(entry.name or revision[:7])
        return released

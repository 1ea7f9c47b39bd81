"""Unfinished work of stages that were killed: checkpoints and shards, from which the same command would go on."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from crab.cli.reclaim.item import Item, age, size
from crab.core import work

KIND = "unfinished work (.work)"


def find(root: Path) -> Iterator[Item]:
    """Every work folder that no process holds."""
    for lock in sorted((root / ".work").glob("*/*.lock")):
        folder = lock.with_suffix("")
        if folder.is_dir() and _delete(folder, really=False) == "":
            stage = lock.parent.name
            old = age(time.time() - max(file.stat().st_mtime for file in [folder, *folder.rglob("*")]))
            if _is_present(root, stage, folder.name):
                costs = f"the next run of {stage} would have gone on from it, and starts anew"
            else:
                costs = f"{stage} starts anew if its inputs become these again"
            what = f"{stage}/{folder.name}, last written {old} ago"
            yield Item(KIND, what, size(folder), costs, partial(_delete, folder))


def _delete(folder: Path, really: bool = True) -> str:
    """Remove a folder while nobody works in it; the lock file stays, as `work.folder` asks."""
    with open(folder.with_suffix(".lock"), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return "a process works in it"
        if really:
            shutil.rmtree(folder, ignore_errors=True)
    return ""


def _is_present(root: Path, stage: str, key: str) -> bool:
    try:
        return work.key(stage, root) == key
    except (OSError, KeyError):
        return False  # no such stage, or nothing to run it on

"""Where runs write: the checkout, `.work`, DVC's cache, the tracking store; and whether they can."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from crab.cli.doctor.findings import Finding

PROBE_BYTES = 2**16
"""Enough that a full disk says so, and not just a full directory."""
SERVER_SECONDS = 3.0
GC = "make room: python -m crab gc"
FULL = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))


def folders(root: Path) -> Iterator[Finding]:
    """Whether the checkout, the work folder and DVC's cache can be written, and what is free there."""
    for about, folder in (("checkout", root), ("work folder", root / ".work"), ("DVC cache", cache(root))):
        place = existing(folder)
        free = f"{shutil.disk_usage(place).free / 1e9:.1f} GB free"
        if why := unwritable(place):
            mend = GC if why in FULL else f"make it writable, or move it (owner, mount): ls -ld {place}"
            yield Finding("problem", about, f"{place} cannot be written: {why}; {free}", mend)
        else:
            yield Finding("ok", about, f"{folder} can be written; {free}")


def cache(root: Path) -> Path:
    """DVC's cache: where its settings say, or its usual place where DVC is not installed."""
    try:
        from dvc.repo import Repo
    except ImportError:
        return root / ".dvc/cache"
    with Repo(str(root)) as repo:
        return Path(repo.cache.local.path)


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())


def unwritable(folder: Path) -> str:
    """Why no file can be written into a folder; empty where one can. Permissions alone do not tell: a mount may be
    read-only, a disk full, and root is refused by neither.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return ""


def tracking(configured: str | None) -> Iterator[Finding]:
    """Whether MLflow's store answers and can be written. A run goes on without it, so it is never a problem."""
    from crab.tracking import store

    where = store.uri(configured)
    shown = store.safe(where)
    if where.startswith("sqlite:///"):
        why, mend = _sqlite(Path(where.removeprefix("sqlite:///"))), "make the file writable"
    elif where.startswith(("http://", "https://")):
        why, mend = _server(where), "start the server, or mend MLFLOW_TRACKING_URI"
    else:
        yield Finding("ok", "MLflow", f"{shown} (neither a file of SQLite nor a server: not looked at)")
        return
    if why:
        later = "runs go on without it; afterwards: python -m crab track sync"
        yield Finding("warning", "MLflow", f"{shown}: {why}", f"{mend}; {later}")
    else:
        yield Finding("ok", "MLflow", f"{shown} answers")


def _sqlite(file: Path) -> str:
    if not file.exists():
        return unwritable(existing(file.parent))
    try:
        # Never makes a file, and leaves nothing behind.
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=3, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:
        return str(error)
    return unwritable(file.parent)


def _server(where: str) -> str:
    try:
        with urllib.request.urlopen(f"{where.rstrip('/')}/health", timeout=SERVER_SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        # A proxy in front of it may ask for a login here: somebody is there.
        return "" if error.code in (401, 403) else f"answers with status {error.code}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"does not answer ({reason})"

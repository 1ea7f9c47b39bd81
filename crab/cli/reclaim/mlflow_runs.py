"""Runs that somebody deleted in MLflow: it only hides them, with their artifacts, until they are collected."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlparse

from crab.cli.reclaim.item import Item, size
from crab.tracking import process, store

KIND = "MLflow"


def find(configured: str | None) -> Iterator[Item]:
    """Deleted runs of the SQLite store; a server's database is its owner's business."""
    where = store.uri(configured)
    file = Path(where.removeprefix("sqlite:///"))
    if not where.startswith("sqlite:///") or not file.exists():
        return
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        rows = connection.execute("SELECT artifact_uri FROM runs WHERE lifecycle_stage = 'deleted'").fetchall()
    except sqlite3.Error:
        return  # no store yet, or none of MLflow's
    finally:
        connection.close()
    if rows:
        folders = [Path(unquote(urlparse(uri).path)) for (uri,) in rows if (uri or "").startswith("file:")]
        taken = sum(size(folder) for folder in folders if folder.is_dir())
        costs = "`mlflow runs restore` no longer brings them back; `crab track sync` makes rows from the journal again"
        yield Item(KIND, f"{len(rows)} deleted runs with their artifacts", taken, costs, partial(_delete, where))


def _delete(where: str) -> str:
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", where]
    # It finds the artifacts through the variable, not through its own option.
    environment = process.QUIET | os.environ | {"MLFLOW_TRACKING_URI": where}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return "" if done.returncode == 0 else (lines[-1] if lines else f"mlflow gc ended with {done.returncode}")

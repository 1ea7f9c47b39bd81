"""A folder that is there whole or not at all, with a manifest by which a later release knows it as its own."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crab.core import io
from crab.core.errors import DataError, Problem

MANIFEST = "release.json"


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place once the block has succeeded.

    Raises:
        DataError: `out` is something else than an earlier release, which would be lost.
    """
    if out.exists() and not (out / MANIFEST).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise DataError(Problem(str(out), f"is no earlier release: it has no {MANIFEST}", "name another --out"))
    temporary, old = (out.with_name(f".{out.name}.{word}") for word in ("tmp", "old"))
    for left in (temporary, old):
        shutil.rmtree(left, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if out.exists():
            os.rename(out, old)
        os.rename(temporary, out)
    finally:
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)


def write_manifest(folder: Path, about: Mapping[str, Any]) -> None:
    """Write what the release is, and the hash of each of its files."""
    files = {file.relative_to(folder).as_posix(): _digest(file) for file in sorted(folder.rglob("*")) if file.is_file()}
    io.write_json(folder / MANIFEST, {**about, "files": files})


def _digest(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

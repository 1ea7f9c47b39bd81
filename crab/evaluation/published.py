"""Rows of a published benchmark, from a local copy or the hub."""

from __future__ import annotations

from crab.config.benchmarks import PromptsConfig
from crab.core import paths
from crab.core.errors import DataError, Problem
from crab.data.sources import hub, rows
from crab.data.sources.rows import Row

_SUFFIXES = (".json", ".jsonl")


def read(prompts: PromptsConfig, where: str) -> list[Row]:
    """All rows, in order.

    Args:
        prompts: Which.
        where: The config key that names them, for messages.

    Raises:
        DataError: Nothing is named, or a file is missing or malformed.
        ResourceError: The hub cannot be reached.
    """
    if prompts.path is not None:
        return rows.require_rows(rows.read(_files(prompts.path)))
    if prompts.dataset is None:
        raise DataError(Problem(f"{where}.path", "names no file", f"{prompts.get}, then set {where}.path"))
    return list(hub.read(prompts.dataset, f"{where}.dataset"))


def _files(path: str | list[str]) -> str | list[str]:
    """The files of a folder, by name, or what is named itself."""
    if isinstance(path, str) and (folder := paths.from_main_checkout(path)).is_dir():
        return sorted(str(file) for file in folder.iterdir() if file.suffix in _SUFFIXES)
    return path

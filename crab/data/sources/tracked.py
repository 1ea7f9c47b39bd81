"""Rows that a section of the configuration names: files with a known content, or a data set of the hub."""

from __future__ import annotations

from collections.abc import Iterator

from crab.config.dataset import DatasetConfig
from crab.core import paths
from crab.core.errors import DataError, Problem
from crab.core.records import Rejected
from crab.data import digest
from crab.data.sources import rows
from crab.data.sources.rows import Row


def read(
    path: str | list[str] | None,
    recorded: str | None,
    dataset: DatasetConfig | None,
    where: str,
    streaming: bool = False,
) -> Iterator[Row | Rejected]:
    """Stream the rows of the files, or of the data set where there is no path.

    Args:
        path: One file or several; relative paths start at the main checkout.
        recorded: Hash of their content when `params.yaml` was composed.
        dataset: Of the hub.
        where: The config key that holds them, for messages.
        streaming: Of a data set: read over the network row by row, for a caller that stops early.

    Raises:
        DataError: They cannot be read as a whole, or the files' content is not the recorded one: DVC would record a
            wrong origin.
        ResourceError: The hub cannot be reached.
    """
    if path is None:
        from crab.data.sources import hub

        assert dataset is not None  # the section's validator saw to it
        return hub.read(dataset, f"{where}.dataset", streaming)
    # What is missing is told by the reader, with its path.
    if (found := digest.digest(path, paths.main_checkout())) not in (recorded, digest.MISSING):
        said = f"content has changed since params.yaml was composed (digest {found}, recorded {recorded})"
        fix = "use `dvc exp run`, or run `python -m crab compose` first"
        raise DataError(Problem(f"{where}.path", said, fix))
    return rows.read(path)

"""Rows of a Hugging Face data set, or of a local folder that `datasets` reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crab.config.dataset import DatasetConfig
from crab.core import paths
from crab.core.errors import DataError, Problem, ResourceError
from crab.data.sources.rows import Row


def read(dataset: DatasetConfig, where: str = "seed.dataset", streaming: bool = False) -> Iterator[Row]:
    """Load a data set (downloading it once) and yield its rows.

    Args:
        dataset: Which one.
        where: The config key that names it, for messages.
        streaming: Read over the network row by row, for a caller that stops early; otherwise all is stored first.

    Raises:
        DataError: There is no such data set, configuration, split, revision or file.
        ResourceError: It cannot be reached: no network, or access is not granted.
    """
    table = _load(dataset, where, streaming)
    local = paths.from_main_checkout(dataset.name)
    source = local.name if local.is_dir() else dataset.name

    def rows() -> Iterator[Row]:
        for number, values in enumerate(table, 1):
            yield Row(f"{source}:row {number}", source, values)

    return rows()


def _load(dataset: DatasetConfig, where: str, streaming: bool) -> Any:
    import datasets
    from datasets.exceptions import DatasetNotFoundError, DatasetsError
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

    local = paths.from_main_checkout(dataset.name)
    offline = ResourceError(
        Problem(
            f"{where}.name",
            f"the hub cannot be reached for {dataset.name!r}",
            "connect once (the data are cached after that), unset HF_HUB_OFFLINE, or give a local folder or file",
        )
    )
    try:
        return datasets.load_dataset(
            str(local) if local.is_dir() else dataset.name,
            dataset.config,
            data_files=dataset.data_files,
            split=dataset.split,
            revision=dataset.revision,
            streaming=streaming,
        )
    except GatedRepoError:
        raise _no_access(dataset, where) from None
    except DatasetNotFoundError as error:
        if "gated" in str(error):
            raise _no_access(dataset, where) from None
        found = f"no such data set, or it is private: {dataset.name!r}, revision {dataset.revision!r}"
        fix = "check the spelling; for a private one run `hf auth login`"
        raise DataError(Problem(f"{where}.name", found, fix)) from None
    except (ConnectionError, HfHubHTTPError):
        raise offline from None
    except (ValueError, OSError, DatasetsError) as error:
        # Unknown configurations, splits and files come as ValueError or FileNotFoundError, with the known ones listed.
        raise DataError(Problem(where, _first_line(error), "check config, split, revision and data_files")) from None


def _no_access(dataset: DatasetConfig, where: str) -> ResourceError:
    return ResourceError(
        Problem(
            f"{where}.name",
            f"access to {dataset.name!r} is not granted to you",
            f"ask for it on the data set's page ({dataset.name} on the hub), then run `hf auth login`",
        )
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__

"""What a folder in `models/` stands for: the model itself, or the name of one on the hub."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from crab.core.errors import DataError, Problem

HUB_FILE = "base.json"


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class HubModel:
    """What `models/base/base.json` says when the base model lies on the hub."""

    hub_id: str
    revision: str | None = None


def resolve(path: Path | str) -> tuple[str, str | None]:
    """What to hand to a loader: (folder or hub id, revision or None).

    A folder with `base.json` stands for the hub model that the file names; any other folder is the model.

    Raises:
        DataError: The folder or its `base.json` is missing or unreadable.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(Problem(str(folder), "no such folder", "run `dvc repro`, which makes it"))
    file = folder / HUB_FILE
    if not file.exists():
        return str(folder), None
    try:
        model = TypeAdapter(HubModel).validate_json(file.read_bytes())
    except ValidationError as error:
        raise DataError(Problem(str(file), f"does not name a hub model: {error.errors()[0]['msg']}")) from None
    return model.hub_id, model.revision

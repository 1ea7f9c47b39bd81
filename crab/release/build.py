"""The release of a run: `dataset/`, `model-sft/` and `model-dpo/`, each a folder that the hub takes as it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crab.config.section import PARAMS
from crab.core.errors import DataError, Problem
from crab.release import cards, dataset, facts, folder, models
from crab.release.dataset import Written
from crab.release.facts import Facts

DATASET = "dataset"


@dataclass(frozen=True, slots=True)
class Release:
    """What was written."""

    facts: Facts
    written: Written
    models: tuple[str, ...]


def build(
    root: Path, out: Path, defaults: Mapping[str, Any] | None, include_restricted: bool, repo: str | None
) -> Release:
    """Write everything anew, whole or not at all.

    Args:
        root: The checkout, which is the current folder too.
        out: The folder; an earlier release in it is replaced.
        defaults: What conf/ composes to; see `origin.build`.
        include_restricted: Take sources, too, whose licence is flagged.
        repo: Name on the hub, which the models' cards then give as their data set.

    Raises:
        CrabError: The run is not complete, or nothing of it may be released.
    """
    names = dataset.sources(root)
    if not names:
        raise DataError(Problem(str(dataset.VERIFIED), "holds no records", "run `dvc repro`, which makes them"))
    found = facts.gather(root, names, defaults, include_restricted)
    there = models.present(root)
    with folder.replacing(out) as place:
        written = dataset.write(root, place / DATASET, found.sources)
        cards.write(place / DATASET, cards.dataset(found, written))
        for name in there:
            models.copy(root, name, place / f"model-{name}")
            cards.write(place / f"model-{name}", cards.model(found, name, repo))
        for made in (DATASET, *(f"model-{name}" for name in there)):
            shutil.copyfile(root / PARAMS, place / made / PARAMS.name)
        about = {
            "name": found.origin.name,
            "commit": found.origin.commit,
            "dirty": found.origin.dirty,
            "rows": written.rows,
            "left_out": dict(sorted(written.left_out.items())),
            "include_restricted": include_restricted,
        }
        folder.write_manifest(place, about)
    return Release(found, written, tuple(there))

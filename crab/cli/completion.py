"""What the shell offers after Tab: names of families, ids of records, overrides. A mistake offers nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from crab.core import paths
from crab.core.errors import CrabError

MOST = 50


def families(incomplete: str) -> list[str]:
    """Families that begin so."""
    root = _root()
    found = sorted(file.stem for file in (root / "conf/family").glob("*.yaml")) if root else []
    return [name for name in found if name.startswith(incomplete)]


def records(incomplete: str) -> list[str]:
    """Ids of records that begin so, as far as one pass over the seeds finds them at once."""
    from crab.report import identifiers

    root = _root()
    return [place.id for place in islice(identifiers.beginning(root, incomplete), MOST)] if root else []


def overrides(incomplete: str) -> list[str]:
    """Choices of a group (`model=tiny_mistral`), and groups before the sign is typed."""
    root = _root()
    return (
        sorted(found for found in _choices(root / "conf", incomplete) if found.startswith(incomplete)) if root else []
    )


def _choices(conf: Path, incomplete: str) -> Iterator[str]:
    group, sign, _ = incomplete.partition("=")
    if sign:
        yield from (f"{group}={file.stem}" for file in (conf / group).glob("*.yaml"))
    else:
        yield from (f"{folder.name}=" for folder in conf.iterdir() if any(folder.glob("*.yaml")))


def _root() -> Path | None:
    try:
        return paths.main_checkout()
    except CrabError:
        return None

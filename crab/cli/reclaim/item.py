"""One thing that could go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Item:
    """Something that takes room, and what is lost with it."""

    kind: str
    what: str
    bytes: int | None
    """None where nobody knows before it is gone."""
    costs: str
    """What has to be done again if it is missed."""
    delete: Callable[[], str]
    """Takes it away; returns why it could not be, or nothing."""


def size(place: Path) -> int:
    """Bytes on the disk of a file, or of everything in a folder; what others hold by a hard link would not be freed."""
    files = [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
    found = [file.lstat() for file in files]
    return sum(one.st_size for one in found if one.st_nlink == 1)


def age(seconds: float) -> str:
    """A duration in words."""
    return f"{seconds / DAY:.0f} days" if seconds >= 2 * DAY else f"{seconds / 3600:.0f} hours"

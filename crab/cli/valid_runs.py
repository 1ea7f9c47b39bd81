"""Which runs need not be made again: their values and their code are those of now, whatever was committed since."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crab.cli import compose, queue
from crab.cli.families import Point
from crab.cli.queue import Finished
from crab.config.section import PARAMS
from crab.tracking import identity


class ValidRuns:
    """Looks among the experiments that DVC keeps in git; what it learnt of one does not change, and is kept."""

    def __init__(self, root: Path, points: Sequence[Point]) -> None:
        self._root = root
        self._points = {point.name: point for point in points}
        tracked = set(identity.git("ls-files", "-z", folder=root).split("\0"))
        # What git does not hold is in no snapshot, so that it cannot be a difference.
        self._sources = {path: blob for path, blob in identity.in_work_tree(root).items() if path in tracked}
        self._texts: dict[str, str] = {}
        self._known: dict[Finished, bool] = {}

    def names(self) -> set[str]:
        """Points that have such a run."""
        return set(self.newest())

    def newest(self) -> dict[str, Finished]:
        """Each point's newest such run."""
        return {one.name: one for one in queue.finished(self._root) if one.name in self._points and self._is_valid(one)}

    def _is_valid(self, one: Finished) -> bool:
        if one not in self._known:
            made_with = identity.git("show", f"{one.revision}:{PARAMS}", folder=self._root)
            self._known[one] = (
                made_with == self._text(one.name) and identity.in_commit(one.revision, self._root) == self._sources
            )
        return self._known[one]

    def _text(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = compose.composed(self._root, self._points[name].overrides)
        return self._texts[name]

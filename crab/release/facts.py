"""What both cards tell of a run, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crab.config.section import PARAMS, load, read_params
from crab.config.seed import SeedConfig
from crab.release import licences
from crab.release.licences import Source
from crab.report import funnel, origin, scores, stored
from crab.report.funnel import Funnel
from crab.report.origin import Origin
from crab.report.scores import Results


@dataclass(frozen=True, slots=True)
class Facts:
    """The run, its numbers, and the terms of its sources."""

    origin: Origin
    params: Mapping[str, Any]
    metrics: Mapping[str, Mapping[str, Any]]
    """Of the stages, by name; without those that are not here."""
    funnel: Funnel
    results: Results
    sources: Mapping[str, Source]
    languages: tuple[str, ...]
    """ISO 639-1 codes of the kept responses; without undetermined ones."""

    @property
    def included(self) -> list[Source]:
        """Sources that are released."""
        return [source for source in self.sources.values() if source.included]

    @property
    def restricted(self) -> list[Source]:
        """Sources that are flagged, released or not: the models have seen all of them."""
        return [source for source in self.sources.values() if source.forbids]

    @property
    def built_in(self) -> bool:
        """Whether the model learnt from the built-in world alone."""
        return set(self.sources) == {"builtin"}


def gather(root: Path, names: list[str], defaults: Mapping[str, Any] | None, include_restricted: bool) -> Facts:
    """Read them from a checkout.

    Args:
        root: The checkout, which is the current folder too.
        names: The sources that its records name.
        defaults: What conf/ composes to; see `origin.build`.
        include_restricted: See `licences.decide`.

    Raises:
        CrabError: A file cannot be read as what it should be.
    """
    params = read_params(root / PARAMS)
    stages = ("seed", "backtranslate", "verify", "base", "sft", "dpo")
    metrics = {name: found for name in stages if (found := stored.metrics(root, name)) is not None}
    stated = load("seed", SeedConfig, params).all_licences
    counted = metrics.get("seed", {}).get("languages") or {}
    return Facts(
        origin=origin.build(root, defaults),
        params=params,
        metrics=metrics,
        funnel=funnel.build(root),
        results=scores.build(root),
        sources=licences.decide(names, stated, include_restricted),
        languages=tuple(sorted(code for code in counted if len(code) == 2)),
    )

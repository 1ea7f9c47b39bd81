"""A family's arms against its first one, as the page shows them; `crab family compare` does the comparing."""

from __future__ import annotations

from dataclasses import dataclass

from crab.report.charts import Mark


@dataclass(frozen=True, slots=True)
class Arm:
    """One setting, over its seeds."""

    mark: Mark
    over: str
    """What its interval is over: seeds, or the prompts of one seed."""
    difference: Mark | None
    """To the first arm, on the same prompts of the same seeds; None for the first, and where nothing is in common."""
    says: str


@dataclass(frozen=True, slots=True)
class Ablation:
    """One measure of one model in all arms."""

    family: str
    question: str
    model: str
    measure: str
    arms: tuple[Arm, ...]
    missing: tuple[str, ...]
    """Runs of the family that are not here."""

    @property
    def limit(self) -> float:
        """Largest end of a difference, for the picture's scale."""
        marks = [arm.difference for arm in self.arms if arm.difference is not None]
        return max(
            (abs(end) for mark in marks for end in (mark.mean, mark.low, mark.high) if end is not None), default=0.0
        )

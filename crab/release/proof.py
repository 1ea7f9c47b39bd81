"""The false-constraint rate, measured again on what is released: every checkable constraint on its own response."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from crab import constraints
from crab.core.records import Constraint, Example

AT_ITS_WORD = "data"
"""Who decided (`Verdict.by`), where nobody did."""


@dataclass(slots=True)
class Proof:
    """Counts over the released records."""

    checked: int = 0
    """Constraints that the run calls true by a program, which checked them again while the folder was written."""
    false: int = 0
    """Of these, not true of their own response."""
    judged: int = 0
    """Constraints that rest on a judge's word."""
    unproved: int = 0
    """Constraints that came with the data and were taken at its word (`verify.stated`)."""
    known_false: int = 0
    """Constraints that came with the data, are false by their checker, and were kept (`verify.stated`)."""
    by_category: Counter[str] = field(default_factory=Counter)
    _bits: dict[str, list[float]] = field(default_factory=dict)

    def add(self, example: Example) -> None:
        """Check a record's constraints again, and count them."""
        checkable: list[Constraint] = []
        for constraint in example.constraints:
            self.by_category[constraint.category] += 1
            if constraint.bits is not None:
                self._bits.setdefault(constraint.category, []).append(constraint.bits)
            if constraint.verdict is not None and constraint.verdict.by == AT_ITS_WORD:
                self.unproved += 1
            elif constraint.judged:
                self.judged += 1
            elif constraint.certified:
                checkable.append(constraint)
            else:
                self.known_false += 1
        verdicts = constraints.check_all(checkable, example.response)
        self.checked += len(verdicts)
        self.false += sum(not verdict.satisfied for verdict in verdicts)

    def categories(self) -> list[tuple[str, int, float | None]]:
        """Category, constraints, mean bits of those that were weighed; the largest first."""
        order = sorted(self.by_category.items(), key=lambda one: (-one[1], one[0]))
        return [(name, count, _mean(self._bits.get(name, []))) for name, count in order]


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None

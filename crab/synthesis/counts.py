"""Counts of a synthesis stage, as DVC metrics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from crab.core.records import Example, Rejected


class Tally:
    """Records per split, constraints per record, constraints and mean bits by category, rejections by reason.

    Records are counted as they pass and not kept; the order in which they pass changes no digit.
    """

    def __init__(self, splits: Sequence[str]) -> None:
        """Start at zero for each split."""
        self._records: Counter[str] = Counter(dict.fromkeys(splits, 0))
        self._by_category: Counter[str] = Counter()
        self._weighed: Counter[str] = Counter()
        self._millibits: dict[str, int] = defaultdict(int)
        self._rejected: Counter[str] = Counter()

    def keep(self, split: str, example: Example) -> None:
        """Count a record that goes on."""
        self._records[split] += 1
        for constraint in example.constraints:
            self._by_category[constraint.category] += 1
            if constraint.bits is not None:
                self._weighed[constraint.category] += 1
                self._millibits[constraint.category] += round(1000 * constraint.bits)

    def reject(self, line: Rejected) -> None:
        """Count a record or constraint that does not go on."""
        self._rejected[line.reason] += 1

    def metrics(self) -> dict[str, Any]:
        """What was counted."""
        records, constraints = self._records.total(), self._by_category.total()
        metrics: dict[str, Any] = {
            "records": dict(self._records),
            "constraints": constraints,
            "constraints_per_record": round(constraints / records, 3) if records else 0,
            "by_category": dict(sorted(self._by_category.items())),
            "rejected": dict(sorted(self._rejected.items())),
        }
        if self._weighed:
            metrics["mean_bits"] = {
                category: round(self._millibits[category] / 1000 / count, 3)
                for category, count in sorted(self._weighed.items())
            }
        return metrics

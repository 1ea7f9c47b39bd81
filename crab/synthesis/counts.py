"""Counts of a synthesis stage, as DVC metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from crab.core.records import Example, Rejected


def of_examples(kept: Mapping[str, Sequence[Example]], rejected: Sequence[Rejected]) -> dict[str, Any]:
    """Records per split, constraints per record, constraints and mean bits by category, rejections by reason."""
    examples = [example for split in kept.values() for example in split]
    constraints = [constraint for example in examples for constraint in example.constraints]
    metrics: dict[str, Any] = {
        "records": {split: len(records) for split, records in kept.items()},
        "constraints": len(constraints),
        "constraints_per_record": round(len(constraints) / len(examples), 3) if examples else 0,
        "by_category": dict(sorted(Counter(constraint.category for constraint in constraints).items())),
        "rejected": dict(sorted(Counter(line.reason for line in rejected).items())),
    }
    weighed = [constraint for constraint in constraints if constraint.bits is not None]
    if weighed:
        metrics["mean_bits"] = {
            category: round(fmean(c.bits for c in weighed if c.category == category and c.bits is not None), 3)
            for category in sorted({constraint.category for constraint in weighed})
        }
    return metrics

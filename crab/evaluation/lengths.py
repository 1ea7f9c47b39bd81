"""How long answers are and how they end: preference training can buy accuracy with either."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crab.evaluation.benchmark import Scored
from crab.evaluation.intervals import DIGITS


def summary(scored: Sequence[Scored]) -> dict[str, float | int]:
    """Mean words of what was answered, shares that ended by themselves and that were cut, counts of neither."""
    answered = [record for record in scored if record.error is None]
    result: dict[str, float | int] = {
        "ended": share(scored, lambda record: record.finished),
        "truncated": share(scored, lambda record: record.error is None and not record.finished),
        "errors": len(scored) - len(answered),
        "empty": sum(not record.response.strip() for record in answered),
    }
    return result | ({"words": share(answered, lambda record: record.words)} if answered else {})


def share(scored: Sequence[Scored], of: Callable[[Scored], float]) -> float:
    """Mean of a measure."""
    return round(sum(map(of, scored)) / len(scored), DIGITS)

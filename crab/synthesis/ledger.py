"""What answers cost: calls, tokens and money, by purpose, by category, and per accepted constraint.

Everything here is a function of questions and answers: an answer from the cache counts like one that was paid for just
now. Seconds and cache hits are not, and are kept apart (`asking.Asker.spent`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crab.config.llm import PricesConfig


@dataclass(frozen=True, slots=True)
class Call:
    """One question that was put to a model."""

    purpose: str
    """`propose`, `refine`, `judge`, `repair` or `audit`."""
    categories: tuple[str, ...]
    """Of the constraints that it was about; a call about several counts for each with an equal part."""
    prompt_tokens: int
    completion_tokens: int


@dataclass
class Cost:
    """A sum of calls; of one category it may hold parts of calls."""

    requests: float = 0
    prompt_tokens: float = 0
    completion_tokens: float = 0

    def add(self, call: Call, parts: int = 1) -> None:
        """Add one call, or an equal part of it."""
        self.requests += 1 / parts
        self.prompt_tokens += call.prompt_tokens / parts
        self.completion_tokens += call.completion_tokens / parts

    def values(self, prices: PricesConfig | None) -> dict[str, float]:
        """As metrics; money where there are prices."""
        found: dict[str, float] = {
            "requests": _short(self.requests),
            "prompt_tokens": _short(self.prompt_tokens),
            "completion_tokens": _short(self.completion_tokens),
        }
        if prices is not None:
            found["money"] = round(prices.money(self.prompt_tokens, self.completion_tokens), 6)
        return found


class Ledger:
    """Adds up calls."""

    def __init__(self) -> None:
        self._total = Cost()
        self._purposes: defaultdict[str, Cost] = defaultdict(Cost)
        self._categories: defaultdict[str, Cost] = defaultdict(Cost)

    def add(self, calls: Iterable[Call]) -> None:
        """Count calls."""
        for call in calls:
            self._total.add(call)
            self._purposes[call.purpose].add(call)
            for category in call.categories or ("any",):
                self._categories[category].add(call, max(1, len(call.categories)))

    def by_purpose(self, prices: PricesConfig | None) -> dict[str, dict[str, float]]:
        """Requests, tokens and money by purpose, and in all (`total`)."""
        purposes = {purpose: cost.values(prices) for purpose, cost in sorted(self._purposes.items())}
        return purposes | {"total": self._total.values(prices)}

    def by_category(self, prices: PricesConfig | None) -> dict[str, dict[str, float]]:
        """Requests, tokens and money by category; `any` is for calls that are about no category in particular."""
        return {category: cost.values(prices) for category, cost in sorted(self._categories.items())}


def per_accepted(costs: Iterable[Mapping[str, Mapping[str, float]]], accepted: Mapping[str, int]) -> dict[str, Any]:
    """Price of one accepted constraint, by category and in all (`total`).

    Args:
        costs: By category, of each stage that spent something.
        accepted: Accepted constraints by category. A category that cost something and gave nothing has no price, and
            one that was not asked for in particular none of its own; the total holds all costs and all accepted.
    """
    sums: dict[str, defaultdict[str, float]] = {}
    total: defaultdict[str, float] = defaultdict(float)
    for stage in costs:
        for category, cost in stage.items():
            for name, value in cost.items():
                sums.setdefault(category, defaultdict(float))[name] += value
                total[name] += value
    rows = {category: (cost, accepted.get(category, 0)) for category, cost in sorted(sums.items())}
    rows["total"] = (total, sum(accepted.values()))
    return {
        category: {"accepted": count}
        | ({name: _short(value / count, 6 if name == "money" else 3) for name, value in cost.items()} if count else {})
        for category, (cost, count) in rows.items()
    }


def _short(value: float, digits: int = 3) -> float:
    """Rounded; a whole number where it is one."""
    short = round(value, digits)
    return int(short) if short == int(short) else short

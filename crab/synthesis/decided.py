"""The verdicts on what a model proposed: counts that add up, and what each accepted one cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crab.config.llm import PricesConfig
from crab.synthesis.ledger import Ledger, per_accepted
from crab.synthesis.verify import Verified


@dataclass
class Decided:
    """The verdicts on what a model proposed, counted record by record."""

    accepted: Counter[str] = field(default_factory=Counter)
    """By category; a refined instruction counts under `circumstances`."""
    rejected: Counter[str] = field(default_factory=Counter)
    checked: Counter[bool] = field(default_factory=Counter)
    judged: Counter[bool] = field(default_factory=Counter)
    ledger: Ledger = field(default_factory=Ledger)

    def add(self, verified: Verified) -> None:
        """Count one record."""
        self.ledger.add(verified.calls)
        for constraint in verified.example.constraints:
            if constraint.origin == "teacher" and constraint.verdict is not None:
                self.accepted[constraint.category] += 1
                self._verdict(constraint.verdict.by, constraint.verdict.satisfied)
        if verified.example.refined_instruction is not None:
            self.accepted["circumstances"] += 1
            self.judged[True] += 1
        for line in verified.rejected:
            proposal = line.record.get("constraint")
            if proposal is not None and proposal["origin"] == "teacher":
                self.rejected[line.reason] += 1
                if (verdict := proposal["verdict"]) is not None:
                    self._verdict(verdict["by"], verdict["satisfied"])

    def _verdict(self, by: str, satisfied: bool) -> None:
        (self.checked if by == "checker" else self.judged)[satisfied] += 1

    def summary(self, prices: PricesConfig | None, proposing: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
        """For `results/verify.json`: proposed = accepted + rejected, and what each accepted one cost in both stages.

        Args:
            prices: The judge's.
            proposing: `cost_by_category` of the stage before.
        """
        costs = [proposing, self.ledger.by_category(prices)]
        return {
            "proposed": self.accepted.total() + self.rejected.total(),
            "accepted": self.accepted.total(),
            "accepted_by_category": dict(sorted(self.accepted.items())),
            "rejected": dict(sorted(self.rejected.items())),
            "by_checker": _precision(self.checked),
            "by_judge": _precision(self.judged),
            "cost_per_accepted": per_accepted(costs, self.accepted),
        }


def _precision(verdicts: Counter[bool]) -> dict[str, float]:
    """How many proposals were decided, and which share of them holds of the response."""
    if not verdicts:
        return {"decided": 0}
    return {
        "decided": verdicts.total(),
        "satisfied": verdicts[True],
        "precision": round(verdicts[True] / verdicts.total(), 4),
    }

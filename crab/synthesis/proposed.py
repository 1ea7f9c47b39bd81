"""What a teacher's model proposed: counts that add up, and what they cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from crab.config.llm import PricesConfig
from crab.synthesis.backtranslate import Backtranslated
from crab.synthesis.ledger import Ledger
from crab.synthesis.proposing import UNREAD


@dataclass
class Proposed:
    """The teacher's side, counted record by record."""

    kept: Counter[str] = field(default_factory=Counter)
    """By category."""
    rejected: Counter[str] = field(default_factory=Counter)
    unread_answers: Counter[str] = field(default_factory=Counter)
    refined: int = 0
    ledger: Ledger = field(default_factory=Ledger)

    def add(self, found: Backtranslated) -> None:
        """Count one record."""
        self.kept.update(c.category for c in found.example.constraints if c.origin == "teacher")
        self.refined += found.example.refined_instruction is not None
        self.ledger.add(found.calls)
        for line in found.rejected:
            if line.reason.startswith(UNREAD):
                self.unread_answers[line.reason.removeprefix(UNREAD)] += 1
            else:
                self.rejected[line.reason] += 1

    def summary(self, prices: PricesConfig | None) -> dict[str, Any]:
        """For `results/backtranslate.json`: proposed = kept + rejected."""
        return {
            "proposed": self.kept.total() + self.refined + self.rejected.total(),
            "kept": self.kept.total() + self.refined,
            "kept_refined_instructions": self.refined,
            "kept_by_category": dict(sorted(self.kept.items())),
            "rejected": dict(sorted(self.rejected.items())),
            "unread_answers": dict(sorted(self.unread_answers.items())),
            "cost": self.ledger.by_purpose(prices),
            "cost_by_category": self.ledger.by_category(prices),
        }

"""Constraints that came with the data: read like a teacher's, and counted."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from crab.core.records import REFINED, STATED, Constraint, Example, Origin, Rejected, Seed, Verdict
from crab.synthesis.answers import Unreadable, sentence, typed

UNREAD: Final = "stated:text"
"""The type of a sentence that no program reads."""
FALSE: Final = "not satisfied"
UNPROVED: Final = "not proved"
"""Reasons: found false, or anything short of that (readings disagree, it leaks or repeats)."""


def read(seed: Seed) -> tuple[Example, tuple[Rejected, ...]]:
    """The record with what its pair states, typed where a program reads it, and a line for each text that is none."""
    kept: list[Constraint] = []
    rejected: list[Rejected] = []
    for value in seed.meta.get(STATED, ()):
        text = sentence(value)
        if isinstance(text, Unreadable):
            record = {"id": seed.id, "field": STATED, "text": value}
            rejected.append(Rejected("backtranslate", text.reason, text.detail, record))
        elif text is not None and (constraint := typed(text, UNREAD)) is not None:
            kept.append(dataclasses.replace(constraint, origin="data"))
    values = {part.name: getattr(seed, part.name) for part in dataclasses.fields(Seed)}
    values["meta"] = {key: value for key, value in seed.meta.items() if key != STATED}
    return Example(**values, constraints=tuple(kept), refined_instruction=seed.meta.get(REFINED)), tuple(rejected)


def stays(origin: Origin, reason: str, policy: Literal["proved", "not_false", "all"]) -> bool:
    """Whether what came with the data stays where anything else would be dropped for this reason.

    Args:
        origin: Who found the constraint.
        reason: Why it would be dropped; empty where it would not.
        policy: `verify.stated`.
    """
    return origin == "data" and (policy == "all" or (policy == "not_false" and reason not in ("", FALSE)))


def at_its_word(constraint: Constraint) -> Constraint:
    """A constraint that nobody has decided, as it is stated."""
    return dataclasses.replace(constraint, verdict=Verdict(True, "stated with the pair, not verified", "data"))


@dataclass
class Stated:
    """What became of them, counted record by record."""

    kept: Counter[str] = field(default_factory=Counter)
    """By what a program says: `true`, `false` or `unread`."""
    removed: Counter[str] = field(default_factory=Counter)
    """By reason."""
    checked: Counter[bool] = field(default_factory=Counter)

    def add(self, example: Example, rejected: tuple[Rejected, ...]) -> None:
        """Count one verified record, with the lines of what it lost."""
        for constraint in example.constraints:
            if constraint.origin == "data" and (verdict := constraint.verdict) is not None:
                self.kept["unread" if constraint.judged else str(verdict.satisfied).lower()] += 1
                self._check(verdict.by, verdict.satisfied)
        for line in rejected:
            proposal = line.record.get("constraint")
            if proposal is not None and proposal["origin"] == "data":
                self.removed[line.reason] += 1
                if proposal["verdict"] is not None:
                    self._check(proposal["verdict"]["by"], proposal["verdict"]["satisfied"])

    def _check(self, by: str, satisfied: bool) -> None:
        if by == "checker":
            self.checked[satisfied] += 1

    def summary(self) -> dict[str, Any]:
        """For `results/verify.json`; empty where the data state nothing."""
        if not self.kept and not self.removed:
            return {}
        counts: dict[str, Any] = {
            "constraints": self.kept.total() + self.removed.total(),
            "read": self.checked.total(),
            "false": self.checked[False],
            "kept": dict(sorted(self.kept.items())),
            "removed": dict(sorted(self.removed.items())),
        }
        if self.checked:
            counts["false_share"] = round(self.checked[False] / self.checked.total(), 4)
        return {"stated": counts}

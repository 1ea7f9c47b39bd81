"""How good the judge is, measured where a program knows the answer: on checkable constraints, true and false ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from crab import constraints
from crab.core import randomness, work
from crab.core.records import Constraint, Example
from crab.synthesis.judging import Case, Judge
from crab.synthesis.ledger import Call


@dataclass(frozen=True, slots=True)
class Audited:
    """One case of which a program knows the answer."""

    type: str
    satisfied: bool
    """By the checker."""
    accepted: bool
    """By the judge."""
    reason: str
    """Why the judge did not accept it."""
    calls: tuple[Call, ...] = field(default=())


def cases(examples: Sequence[Example], records: int, random_seed: int) -> list[tuple[Case, bool]]:
    """One true and one false constraint of each of so many records, drawn by hash.

    The false one is another record's, of the same type with other parameters where there is one, and of any other
    type otherwise: the kind of mistake that a teacher makes.
    """
    ranked = sorted(examples, key=lambda e: (randomness.fraction(random_seed, "audit", e.id), e.id))
    by_type: dict[str, list[Constraint]] = defaultdict(list)
    for example in ranked[:1000]:
        for constraint in example.constraints:
            if constraint.verdict is not None and constraint.verdict.by == "checker":
                by_type[constraint.type].append(constraint)
    drawn: list[tuple[Case, bool]] = []
    for example in ranked:
        if len(drawn) >= 2 * records:
            break
        own = [c for c in example.constraints if c.verdict is not None and c.certified]
        if not own:
            continue
        rng = randomness.rng(random_seed, "audit", example.id)
        true = rng.choice(own)
        others = rng.sample(by_type[true.type], min(20, len(by_type[true.type])))
        others += [rng.choice(by_type[name]) for name in rng.sample(sorted(by_type), min(10, len(by_type)))]
        verdicts = constraints.check_all(others, example.response)
        false = next((c for c, verdict in zip(others, verdicts, strict=True) if not verdict.satisfied), None)
        if false is not None:
            drawn += [(Case(example, true, "audit"), True), (Case(example, false, "audit"), False)]
    return drawn


def run(examples: Sequence[Example], judge: Judge | None, place: Path, random_seed: int) -> list[Audited]:
    """Audit the judge on some of the records; nothing where there is no judge. Goes on where it was, as stages do.

    Raises:
        CrabError: See `Asker.ask`.
    """
    if judge is None:
        return []
    drawn = cases(examples, judge.config.audit_records, random_seed)
    found = []
    for one in work.sharded(place, "audit", drawn, partial(audit, judge=judge), Audited, shard_size=500):
        judge.asker.budget.settle(one.calls)
        found.append(one)
    return found


def audit(drawn: Sequence[tuple[Case, bool]], judge: Judge) -> list[Audited]:
    """What the judge says about each case, beside what is so."""
    rulings = judge.opinions([case for case, _ in drawn])
    return [
        Audited(case.constraint.type, satisfied, ruling.accepted, ruling.reason, ruling.calls)
        for (case, satisfied), ruling in zip(drawn, rulings, strict=True)
    ]


def summary(found: Sequence[Audited]) -> dict[str, Any]:
    """Precision and recall of the judge's yes, and the cases that they are counted on."""
    accepted = [one for one in found if one.accepted]
    true = [one for one in found if one.satisfied]
    both = sum(one.satisfied for one in accepted)
    counts: dict[str, Any] = {
        "n": len(found),
        "true": len(true),
        "false": len(found) - len(true),
        "accepted_true": both,
        "accepted_false": len(accepted) - both,
        "disagree": sum(one.accepted != one.satisfied for one in found),
    }
    if accepted:
        counts["precision"] = round(both / len(accepted), 4)
    if true:
        counts["recall"] = round(both / len(true), 4)
    return counts

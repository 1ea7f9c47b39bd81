"""From seeds to training rows: what every stage took, made and left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crab.core.records import Rejected
from crab.report import stored

ROWS = Path("data/crab/rejected.jsonl")
LONGEST = 120
"""Characters of an example of what was left out."""
PAIRS = Path("data/preferences_rejected.jsonl")


@dataclass(frozen=True, slots=True)
class Step:
    """A number that a stage left."""

    stage: str
    title: str
    count: int
    what: str
    """`records`, `constraints` or `pairs`: only like things are compared."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a stage left out for one reason."""

    stage: str
    what: str
    reason: str
    count: int
    example: str
    """The first that was left out so; empty where no line holds one."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """All steps of the run, in their order."""

    steps: tuple[Step, ...]
    losses: tuple[Loss, ...]
    missing: tuple[str, ...]
    """Stages whose numbers are not here."""

    def of(self, what: str) -> list[tuple[Step, float]]:
        """Steps that count the same thing, each with its share of the largest."""
        own = [step for step in self.steps if step.what == what]
        most = max((step.count for step in own), default=0) or 1
        return [(step, step.count / most) for step in own]


def build(root: Path) -> Funnel:
    """Read the stages' metrics and their lines of rejected records."""
    read = {
        stage: stored.metrics(root, stage) for stage in ("seed", "backtranslate", "verify", "sft", "dpo", "metrics")
    }
    return Funnel(
        steps=tuple(_steps(read)),
        losses=tuple(_losses(root, read)),
        missing=tuple("eval" if stage == "metrics" else stage for stage, found in read.items() if found is None),
    )


COUNTS: tuple[tuple[str, str, str, str], ...] = (
    ("seed", "read", "pairs read", "records"),
    ("seed", "kept", "pairs kept", "records"),
    ("seed", "records/train", "of these for training", "records"),
    ("backtranslate", "records/train", "training pairs with constraints", "records"),
    ("backtranslate", "constraints", "constraints found, all splits", "constraints"),
    ("verify", "records/train", "training pairs with verified constraints", "records"),
    ("verify", "constraints", "constraints verified, all splits", "constraints"),
    ("sft", "forward_rows", "forward rows: instruction and constraints → response", "records"),
    ("sft", "reverse_rows", "reverse rows: instruction and response → constraints", "records"),
    ("sft", "general_rows", "ordinary conversations beside them", "records"),
    ("dpo", "prompts", "prompts answered for a reward", "records"),
    ("dpo", "pairs", "preference pairs", "records"),
    ("dpo", "rows", "answers to preference prompts, fine-tuned on", "records"),
)
"""Stage, place in its metrics, title, and what is counted, in the order of the run."""


def _steps(read: Mapping[str, Mapping[str, Any] | None]) -> Iterator[Step]:
    for stage, name, title, what in COUNTS:
        found: Any = read[stage]
        for part in name.split("/"):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is not None:
            yield Step(stage, title, found, what)
    for name, models in (read["metrics"] or {}).items():
        if isinstance(models, Mapping) and isinstance(models.get("prompts"), int):
            yield Step("eval", f"prompts of {name}", models["prompts"], "records")


def _losses(root: Path, read: Mapping[str, Mapping[str, Any] | None]) -> Iterator[Loss]:
    for stage, what, folder in (
        ("seed", "pairs", "seed"),
        ("backtranslate", "constraints", "backtranslated"),
        ("verify", "constraints", "verified"),
    ):
        told, _ = _rejected(root / f"data/{folder}/rejected.jsonl")
        for reason, count in sorted(((read[stage] or {}).get("rejected") or {}).items(), key=_by_count):
            yield Loss(stage, what, reason, count, told.get(reason, ""))
    for path, stage, what in ((ROWS, "sft", "training rows"), (PAIRS, "dpo", "preference prompts")):
        told, counts = _rejected(root / path)
        for reason, count in sorted(counts.items(), key=_by_count):
            yield Loss(stage, what, reason, count, told[reason])


def _rejected(path: Path) -> tuple[dict[str, str], Counter[str]]:
    """By reason: the first that was left out, and how many were."""
    told: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for line in stored.records(path, Rejected):
        counts[line.reason] += 1
        if line.reason not in told:
            told[line.reason] = ": ".join(part for part in (_quoted(line.record), line.detail) if part)
    return told, counts


def _quoted(record: Mapping[str, Any]) -> str:
    """What a rejected record was, in the words that a reader knows it by; empty where it holds none."""
    constraint, asked = record.get("constraint"), record.get("constraints")
    text = constraint.get("text") if isinstance(constraint, Mapping) else record.get("instruction")
    if text is None and isinstance(asked, list):
        text = " ".join(str(one) for one in asked)
    words = " ".join(str(text or "").split())
    return f"“{words[:LONGEST]}{'…' if len(words) > LONGEST else ''}”" if words else ""


def _by_count(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]

"""The verified constraints by category and type: how many stay, their bits, and examples with proofs."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crab import constraints
from crab.core import randomness
from crab.core.records import Constraint, Example, Rejected
from crab.report import stored
from crab.report.spans import Segment, excerpt

FOLDER = Path("data/verified")
SPLITS = ("train", "dev", "heldout")
EXAMPLES = 2
"""Shown of each type."""
MOST_BITS = 12
"""The histogram's last bin holds everything from here on."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One constraint with the response that it came from."""

    constraint: Constraint
    instruction: str
    response: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One type."""

    name: str
    meaning: str
    kept: int
    rejected: Mapping[str, int]
    """By reason."""
    mean_bits: float | None
    """None where no program weighs it."""
    examples: tuple[Shown, ...]

    @property
    def share(self) -> float:
        """Kept, of those found."""
        return self.kept / (self.kept + sum(self.rejected.values()))


@dataclass(frozen=True, slots=True)
class Category:
    """The types of a category."""

    name: str
    kinds: tuple[Kind, ...]

    @property
    def kept(self) -> int:
        return sum(kind.kept for kind in self.kinds)

    @property
    def found(self) -> int:
        return self.kept + sum(sum(kind.rejected.values()) for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Browser:
    """Everything verified."""

    categories: tuple[Category, ...]
    histogram: tuple[int, ...]
    """Constraints by whole bits, from 0 on."""
    unused: tuple[str, ...]
    """Types of the registry that were found in no response."""


@dataclass
class _Gathered:
    kept: int = 0
    weighed: int = 0
    millibits: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    drawn: list[tuple[float, str, str, Constraint, Example]] = field(default_factory=list)


def build(root: Path) -> Browser | None:
    """Read data/verified in one pass; None where it is not there."""
    if not (root / FOLDER / "train.jsonl").exists():
        return None
    gathered: dict[str, _Gathered] = defaultdict(_Gathered)
    histogram: Counter[int] = Counter()
    for split in SPLITS:
        for example in stored.records(root / FOLDER / f"{split}.jsonl", Example):
            for constraint in example.constraints:
                _count(gathered[constraint.type], constraint, histogram)
                if split == "train":
                    _draw(gathered[constraint.type].drawn, constraint, example)
    for line in stored.records(root / FOLDER / "rejected.jsonl", Rejected):
        if isinstance(proposal := line.record.get("constraint"), Mapping) and "type" in proposal:
            gathered[proposal["type"]].rejected[line.reason] += 1
    known = {info.name: info for info in constraints.types()}
    kinds = [_kind(name, known[name].meaning if name in known else "", found) for name, found in gathered.items()]
    return Browser(
        categories=_categories(kinds, list(known)),
        histogram=tuple(histogram[bits] for bits in range(max(histogram, default=-1) + 1)),
        unused=tuple(name for name in known if name not in gathered),
    )


def _count(found: _Gathered, constraint: Constraint, histogram: Counter[int]) -> None:
    found.kept += 1
    if constraint.bits is not None:
        found.weighed += 1
        found.millibits += round(1000 * constraint.bits)
        histogram[min(int(constraint.bits), MOST_BITS)] += 1


def _draw(drawn: list[tuple[float, str, str, Constraint, Example]], constraint: Constraint, example: Example) -> None:
    """Keep the few with the smallest hash: a sample that looks at nothing else."""
    ticket = -randomness.fraction(0, "report", constraint.text, example.id)
    entry = (ticket, example.id, constraint.text, constraint, example)
    if len(drawn) < EXAMPLES:
        heapq.heappush(drawn, entry)
    elif entry[:3] > drawn[0][:3]:
        heapq.heapreplace(drawn, entry)


def _kind(name: str, meaning: str, found: _Gathered) -> Kind:
    return Kind(
        name=name,
        meaning=meaning,
        kept=found.kept,
        rejected=dict(sorted(found.rejected.items(), key=lambda pair: (-pair[1], pair[0]))),
        mean_bits=found.millibits / 1000 / found.weighed if found.weighed else None,
        examples=tuple(
            Shown(constraint, example.instruction, excerpt(example.response, _proof(constraint)))
            for *_, constraint, example in sorted(found.drawn, key=lambda entry: entry[:3], reverse=True)
        ),
    )


def _proof(constraint: Constraint) -> str:
    """What was measured, and what a judge quotes."""
    return constraint.witness if constraint.verdict is None else f"{constraint.witness}\n{constraint.verdict.reason}"


def _categories(kinds: Sequence[Kind], order: Sequence[str]) -> tuple[Category, ...]:
    """In the registry's order, what it does not know last."""
    place = {name: number for number, name in enumerate(order)}
    by_category: dict[str, list[Kind]] = defaultdict(list)
    for kind in sorted(kinds, key=lambda kind: (place.get(kind.name, len(place)), kind.name)):
        by_category[kind.name.partition(":")[0]].append(kind)
    return tuple(Category(name, tuple(own)) for name, own in by_category.items())

"""One record through every stage: a pair, the constraints found, what became of each, and the rows it trained."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from crab.core.records import Constraint, Example, PreferencePair, Rejected, Seed, TrainingRow
from crab.report import stored

LONGEST = 1500
"""Characters of a response that reads well in a report; a longer one is taken only where there is none else."""
SEEDS = Path("data/seed")
FOUND = Path("data/backtranslated")
VERIFIED = Path("data/verified")
"""Folders with a file for each split."""
DROPPED = Path("data/verified/rejected.jsonl")
FORWARD = Path("data/crab/forward.jsonl")
REVERSE = Path("data/crab/reverse.jsonl")
PREFERENCES = Path("data/preferences.jsonl")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a constraint that was found."""

    constraint: Constraint
    kept: bool
    why: str
    """Of one that was left out."""
    used: bool
    """Whether the forward row states it."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One record, as far as it got."""

    seed: Seed
    fates: tuple[Fate, ...]
    refined_instruction: str | None
    forward: tuple[TrainingRow, ...]
    reverse: tuple[TrainingRow, ...]
    preferences: tuple[PreferencePair, ...]


def build(root: Path) -> Journey | None:
    """Follow the record that shows most; None where there is no record at all.

    That is the first in the order of the training rows that is also in the other files of rows and of what was left
    out: the choice is blind to how well anything went.
    """
    id_ = _choose(root)
    return None if id_ is None else follow(root, id_)


def follow(root: Path, id_: str, split: str = "train") -> Journey | None:
    """Follow one record; None where the files of its split do not hold it."""
    seeds = stored.find(root / SEEDS / f"{split}.jsonl", Seed, id_)
    found = stored.find(root / FOUND / f"{split}.jsonl", Example, id_)
    verified = stored.find(root / VERIFIED / f"{split}.jsonl", Example, id_)
    forward = stored.find(root / FORWARD, TrainingRow, id_, "seed_id")
    start = next(iter([*seeds, *found, *verified]), None)
    if start is None:
        return None
    dropped = [
        line
        for line in stored.mentioning(root / DROPPED, Rejected, id_)
        if line.record.get("id") == id_ and isinstance(line.record.get("constraint"), dict)
    ]
    return Journey(
        seed=start,
        fates=tuple(_fates(found, verified, dropped, forward)),
        refined_instruction=verified[0].refined_instruction if verified else None,
        forward=tuple(forward),
        reverse=tuple(stored.find(root / REVERSE, TrainingRow, id_, "seed_id")),
        preferences=tuple(
            row
            for row in stored.find(root / PREFERENCES, stored.PREFERENCE, id_, "seed_id")
            if isinstance(row, PreferencePair)
        ),
    )


def _choose(root: Path) -> str | None:
    beside = [
        {row.seed_id for row in stored.records(root / REVERSE, TrainingRow)},
        {row.seed_id for row in stored.records(root / PREFERENCES, stored.PREFERENCE)},
        {str(line.record.get("id")) for line in stored.records(root / DROPPED, Rejected)},
    ]
    best: tuple[int, str] | None = None
    for row in stored.records(root / FORWARD, TrainingRow):
        readable = len(row.completion[0]["content"]) <= LONGEST
        score = readable + sum(row.seed_id in ids for ids in beside)
        if best is None or score > best[0]:
            best = score, row.seed_id
    if best is not None:
        return best[1]
    files = (root / folder / "train.jsonl" for folder in (VERIFIED, FOUND, SEEDS))
    return next((seed.id for file in files for seed in stored.records(file, Seed)), None)


def _fates(
    found: list[Example], verified: list[Example], dropped: list[Rejected], forward: list[TrainingRow]
) -> list[Fate]:
    kept = {(c.type, c.text): c for example in verified for c in example.constraints}
    lost = {(line.record["constraint"]["type"], line.record["constraint"]["text"]): line for line in dropped}
    order = list(dict.fromkeys([(c.type, c.text) for example in found for c in example.constraints] + list(kept)))
    first = {(c.type, c.text): c for example in found for c in example.constraints}
    said = " ".join(turn["content"] for row in forward for turn in row.prompt)
    fates = []
    for name in order:
        if name in kept:
            fates.append(Fate(kept[name], True, "", kept[name].text in said))
        else:
            line = lost.get(name)
            why = f"{line.reason}: {line.detail}" if line else "no line says why" if verified else "not decided yet"
            weighed = line.record["constraint"].get("bits") if line else None
            fates.append(Fate(dataclasses.replace(first[name], bits=weighed), False, why, False))
    return fates

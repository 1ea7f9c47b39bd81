"""One record through every stage and on to the answers that models gave: what `crab inspect` tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from crab.core.records import EvalPrompt, Rejected
from crab.evaluation import reverse
from crab.evaluation.heldout import Scored
from crab.report import journey, stored
from crab.report.identifiers import REJECTED, Place
from crab.report.journey import Journey
from crab.report.scores import place as order

LEFT_OUT = tuple(
    Path(name)
    for name in (
        *("data/seed/rejected.jsonl", "data/backtranslated/rejected.jsonl", "data/verified/rejected.jsonl"),
        *("data/crab/rejected.jsonl", "data/preferences_rejected.jsonl"),
    )
)
"""In the order of the stages."""
BENCHMARKS = {"heldout": "prompts", "unseen": "prompts_unseen"}
"""Benchmark that is made of records -> name of its prompts' files."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A prompt that was made of the record, and what each model answered."""

    benchmark: str
    prompt: EvalPrompt
    answers: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that the stages wrote about one record."""

    id: str
    split: str
    """`rejected` where the seed stage left it out."""
    record: Journey | None
    """None where the seed stage left it out."""
    left_out: tuple[Rejected, ...]
    """Every line about it, in the order of the stages."""
    evaluations: tuple[Evaluation, ...]
    proposals: tuple[reverse.Scored, ...]
    """Answers to the reverse task about it, one a model."""


def build(root: Path, found: Place) -> Trace:
    """Follow a record.

    Raises:
        DataError: A line about it is not what it should be.
    """
    proposals = stored.find(root / "results/records/reverse.jsonl", reverse.Scored, found.id)
    return Trace(
        id=found.id,
        split=found.split,
        record=journey.follow(root, found.id, found.split) if found.split != REJECTED else None,
        left_out=tuple(_left_out(root, found.id)),
        evaluations=tuple(_evaluations(root, found.id)),
        proposals=tuple(sorted(proposals, key=lambda one: order(one.model))),
    )


def _left_out(root: Path, id_: str) -> Iterator[Rejected]:
    for path in LEFT_OUT:
        for line in stored.mentioning(root / path, Rejected, id_):
            if id_ in (line.record.get("id"), line.record.get("seed_id")):
                yield line


def _evaluations(root: Path, id_: str) -> Iterator[Evaluation]:
    for (benchmark, name), split in product(BENCHMARKS.items(), ("dev", "heldout")):
        for prompt in stored.find(root / f"data/verified/{name}_{split}.jsonl", EvalPrompt, id_, "seed_id"):
            scored = stored.find(root / f"results/records/{benchmark}.jsonl", Scored, prompt.id)
            types = tuple(constraint.type for constraint in prompt.constraints)
            # Answers to another version of the prompt would have other verdicts.
            fitting = sorted((one for one in scored if one.types == types), key=lambda one: order(one.model))
            yield Evaluation(benchmark, prompt, tuple(fitting))

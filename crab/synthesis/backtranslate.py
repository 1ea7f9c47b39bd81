"""From a response to the constraints that it already meets, by rules, by a model, or by both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from crab import constraints
from crab.config.compute import ComputeConfig
from crab.config.teacher import TeacherConfig
from crab.core import randomness
from crab.core.errors import DataError, Problem
from crab.core.records import Example, Rejected, Seed
from crab.synthesis import stated
from crab.synthesis.asking import Asker, opened
from crab.synthesis.ledger import Call
from crab.synthesis.plan import prompts
from crab.synthesis.proposing import Proposals, propose


@dataclass(frozen=True, slots=True)
class Backtranslated:
    """One record with what is proposed for it, and a line for each proposal that could not be read."""

    example: Example
    rejected: tuple[Rejected, ...] = ()
    calls: tuple[Call, ...] = ()
    """What the teacher was asked."""


@contextmanager
def model_of(teacher: TeacherConfig, compute: ComputeConfig) -> Iterator[Asker | None]:
    """The teacher's model, ready to be asked; None where rules alone teach.

    Raises:
        ResourceError: There is no such model.
    """
    if teacher.llm is None or teacher.service is None:
        yield None
        return
    with opened("teacher", teacher.llm, teacher.service, prompts(teacher.llm), compute) as asker:
        yield asker


def by_rules(seed: Seed, random_seed: int, max_phrasings: int | None) -> Example:
    """Measure a response and state what holds of it; every constraint is true of it by construction.

    Args:
        seed: The pair.
        random_seed: Decides parameters where a type offers a choice, and phrasings.
        max_phrasings: How many phrasings of each type are used; None for all.
    """
    own_seed = randomness.rng(random_seed, "derive", seed.id).getrandbits(32)
    derived = constraints.derive(seed.response, seed.instruction, random_seed=own_seed, max_phrasings=max_phrasings)
    return dataclasses.replace(_bare(seed), constraints=tuple(derived))


def backtranslate(
    seeds: Sequence[Seed], teacher: TeacherConfig, random_seed: int, asker: Asker | None
) -> list[Backtranslated]:
    """What each record states and the teacher proposes; rules first, so that a repetition of one is the redundant one.

    Args:
        seeds: The pairs.
        teacher: Section `teacher`.
        random_seed: See `by_rules`.
        asker: The teacher's model, where it has one.

    Raises:
        CrabError: See `Asker.ask`.
    """
    if asker is None or teacher.llm is None:
        proposed = [Proposals()] * len(seeds)
    else:
        proposed = propose(seeds, asker, teacher.llm, random_seed)
    return [_joined(seed, one, teacher, random_seed) for seed, one in zip(seeds, proposed, strict=True)]


def _joined(seed: Seed, proposals: Proposals, teacher: TeacherConfig, random_seed: int) -> Backtranslated:
    example, unread = stated.read(seed)
    measured = by_rules(seed, random_seed, teacher.max_phrasings).constraints if teacher.rules else ()
    example = dataclasses.replace(
        example,
        constraints=measured + example.constraints + proposals.constraints,
        refined_instruction=example.refined_instruction or proposals.refined_instruction,
    )
    return Backtranslated(example, unread + proposals.rejected, proposals.calls)


def without_constraints(example: Example) -> Rejected | None:
    """The line that says why a record goes no further; None when it does."""
    if example.constraints:
        return None
    return Rejected(
        stage="backtranslate",
        reason="no constraint",
        detail="no type of the registry found anything to state about the response",
        record={"id": example.id, "instruction": example.instruction, "response": example.response},
    )


def require_some(metrics: Mapping[str, Any]) -> None:
    """Stop here, where the reasons are at hand, and not where training finds nothing to train on.

    Raises:
        DataError: No record has a constraint.
    """
    if metrics["constraints"] == 0:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in metrics["rejected"].items())
        fix = "see data/backtranslated/rejected.jsonl; a model that cannot propose is no teacher: train it longer"
        raise DataError(Problem("data/backtranslated", f"no record has a constraint ({reasons or 'no seeds'})", fix))


def _bare(seed: Seed) -> Example:
    return Example(**{field.name: getattr(seed, field.name) for field in dataclasses.fields(Seed)})

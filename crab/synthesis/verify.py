"""Verification: a constraint stays only with a proof, enough to say, and nothing given away."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from crab import constraints
from crab.config.verify import VerifyConfig
from crab.core.records import Constraint, Example, Rejected
from crab.synthesis.information import Information
from crab.synthesis.redundancy import leaked_span, redundant


@dataclass(frozen=True, slots=True)
class Verified:
    """One record after verification, and a line for each constraint that did not stay."""

    example: Example
    rejected: tuple[Rejected, ...]


def verify(example: Example, information: Information, config: VerifyConfig) -> Verified:
    """Check every constraint of a record on its own response, weigh it, and drop what repeats or leaks."""
    rejected: list[Rejected] = []
    proven: list[Constraint] = []
    verdicts = constraints.check_all(example.constraints, example.response)
    for constraint, verdict in zip(example.constraints, verdicts, strict=True):
        judged = dataclasses.replace(constraint, verdict=verdict)
        if not verdict.satisfied:
            rejected.append(_rejected(example, judged, "not satisfied", verdict.reason))
        elif dissent := _dissent(judged, example.response):
            rejected.append(_rejected(example, judged, "readings disagree", dissent))
        elif span := leaked_span(constraint.text, example.response, example.instruction, config.max_leaked_words):
            rejected.append(_rejected(example, judged, "leaks the response", span))
        else:
            proven.append(dataclasses.replace(judged, bits=information.bits(judged, example)))
    dropped = redundant(proven, config.max_overlap)
    rejected += [
        _rejected(example, proven[index], "redundant", f"says what this one says: {proven[other].text}")
        for index, other in sorted(dropped.items())
    ]
    kept = tuple(constraint for index, constraint in enumerate(proven) if index not in dropped)
    if not kept:
        rejected.append(Rejected("verify", "no constraint left", "none survived verification", {"id": example.id}))
    return Verified(dataclasses.replace(example, constraints=kept), tuple(rejected))


def _dissent(constraint: Constraint, response: str) -> str:
    readings = constraints.check_readings(constraint, response)
    return ", ".join(name for name, satisfied in readings.items() if not satisfied)


def _rejected(example: Example, constraint: Constraint, reason: str, detail: str) -> Rejected:
    record = {"id": example.id, "constraint": dataclasses.asdict(constraint)}
    return Rejected(stage="verify", reason=reason, detail=detail, record=record)

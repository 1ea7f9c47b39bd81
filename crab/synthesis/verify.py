"""Verification: a constraint stays only with a proof, enough to say, and nothing given away."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from crab import constraints
from crab.config.verify import VerifyConfig
from crab.core.records import REFINED, Constraint, Example, Origin, Rejected
from crab.synthesis import stated
from crab.synthesis.information import Information
from crab.synthesis.judging import Judge, Ruling, is_judged, refinement, rule
from crab.synthesis.ledger import Call
from crab.synthesis.redundancy import leaked_span, redundant


@dataclass(frozen=True, slots=True)
class Verified:
    """One record after verification, and a line for each constraint that did not stay."""

    example: Example
    rejected: tuple[Rejected, ...]
    calls: tuple[Call, ...] = ()
    """What the judge was asked."""


def verify_all(
    examples: Sequence[Example], information: Information, config: VerifyConfig, judge: Judge | None = None
) -> list[Verified]:
    """Verify records; what no program can decide is put to the judge, all records together."""
    rulings = rule(examples, judge)
    return [verify(e, information, config, rulings_) for e, rulings_ in zip(examples, rulings, strict=True)]


def verify(
    example: Example, information: Information, config: VerifyConfig, rulings: Sequence[Ruling | None] = ()
) -> Verified:
    """Check every constraint of a record on its own response, weigh it, and drop what repeats or leaks.

    Args:
        example: The record.
        information: Weighs constraints.
        config: Section `verify`.
        rulings: Of the judge, as `judging.rule` gives them; may be left out where no constraint needs one.
    """
    rejected: list[Rejected] = []
    open_: list[Constraint] = []
    for constraint, ruling in zip(example.constraints, rulings or [None] * len(example.constraints), strict=False):
        if ruling is None:
            open_.append(constraint)
        elif stated.stays(constraint.origin, ruling.reason, config.stated):
            open_.append(stated.at_its_word(constraint))
        elif ruling.accepted:
            open_.append(_as_found(ruling, constraint))
        else:
            rejected.append(_rejected(example, _as_found(ruling, constraint), ruling.reason, ruling.detail))
    proven: list[Constraint] = []
    for judged in _with_verdicts(open_, example.response):
        assert judged.verdict is not None
        reason = "" if judged.verdict.satisfied else stated.FALSE
        if stated.stays(judged.origin, reason or stated.UNPROVED, config.stated):
            proven.append(_weighed(judged, information, example))
        elif reason:
            rejected.append(_rejected(example, judged, reason, judged.verdict.reason))
        elif dissent := _dissent(judged, example.response):
            rejected.append(_rejected(example, judged, "readings disagree", dissent))
        elif span := leaked_span(judged.text, example.response, example.instruction, config.max_leaked_words):
            rejected.append(_rejected(example, judged, "leaks the response", span))
        else:
            proven.append(_weighed(judged, information, example))
    dropped = {
        index: other
        for index, other in redundant(proven, config.max_overlap).items()
        if not stated.stays(proven[index].origin, stated.UNPROVED, config.stated)
    }
    rejected += [
        _rejected(example, proven[index], "redundant", f"says what this one says: {proven[other].text}")
        for index, other in sorted(dropped.items())
    ]
    kept = tuple(constraint for index, constraint in enumerate(proven) if index not in dropped)
    if not kept:
        rejected.append(Rejected("verify", "no constraint left", "none survived verification", {"id": example.id}))
    refined, lost = _refined(example, config, rulings)
    verified = dataclasses.replace(example, constraints=kept, refined_instruction=refined)
    calls = tuple(call for ruling in rulings if ruling is not None for call in ruling.calls)
    return Verified(verified, (*rejected, *lost), calls)


def _as_found(ruling: Ruling, constraint: Constraint) -> Constraint:
    """What the judge made of a constraint, which is still of whoever found it."""
    return dataclasses.replace(ruling.constraint, origin=constraint.origin)


def _with_verdicts(open_: Sequence[Constraint], response: str) -> list[Constraint]:
    """What the judge accepted as it is; the rest with the checkers' verdicts, and what they measured."""
    checkable = [constraint for constraint in open_ if not is_judged(constraint)]
    verdicts = iter(constraints.check_all(checkable, response))
    decided = []
    for constraint in open_:
        if is_judged(constraint):
            decided.append(constraint)
        else:
            verdict = next(verdicts)
            # Who proposes or states measures nothing; what the checker measured is the witness.
            witness = constraint.witness if constraint.origin == "rule" else verdict.reason
            decided.append(dataclasses.replace(constraint, verdict=verdict, witness=witness))
    return decided


def _dissent(constraint: Constraint, response: str) -> str:
    if is_judged(constraint):
        return ""
    readings = constraints.check_readings(constraint, response)
    return ", ".join(name for name, satisfied in readings.items() if not satisfied)


def _weighed(constraint: Constraint, information: Information, example: Example) -> Constraint:
    """With bits; a judged one has none: weighing it would take a judge's word on a hundred other responses."""
    if is_judged(constraint):
        return constraint
    return dataclasses.replace(constraint, bits=information.bits(constraint, example))


def _refined(
    example: Example, config: VerifyConfig, rulings: Sequence[Ruling | None]
) -> tuple[str | None, tuple[Rejected, ...]]:
    """The refined instruction, if the judge says that the response answers it and it gives nothing away."""
    text = example.refined_instruction
    ruling = rulings[-1] if rulings else None
    if text is None:
        return None, ()
    origin: Origin = "data" if example.meta.get(REFINED) == text else "teacher"
    if ruling is not None and stated.stays(origin, ruling.reason, config.stated):
        return text, ()
    if ruling is None or not ruling.accepted:
        reason, detail = ("no judge", "") if ruling is None else (ruling.reason, ruling.detail)
    elif span := leaked_span(text, example.response, example.instruction, config.max_leaked_words):
        reason, detail = "leaks the response", span
    else:
        return text, ()
    return None, (_rejected(example, refinement(text), f"refined instruction: {reason}", detail),)


def _rejected(example: Example, constraint: Constraint, reason: str, detail: str) -> Rejected:
    record = {"id": example.id, "constraint": dataclasses.asdict(constraint)}
    return Rejected(stage="verify", reason=reason, detail=detail, record=record)

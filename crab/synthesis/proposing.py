"""A model as teacher: it proposes constraints, and what a program can read becomes a typed one at once.

Every proposal ends as a constraint or as a rejected line; nothing that a model wrote is trusted here, only read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crab import constraints
from crab.config.teacher import ProposerConfig
from crab.core.records import Constraint, Rejected, Seed
from crab.engines.base import Response
from crab.synthesis.answers import Unreadable, clean, excerpt, read_object, sentence, typed
from crab.synthesis.asking import Asker
from crab.synthesis.ledger import Call
from crab.synthesis.plan import Ask, Plan

STAGE = "backtranslate"
UNREAD = "teacher: "
"""Begins the reason of a line about a whole answer that could not be read, and so proposed nothing."""
CUT = "cut off"
"""Name of the line of a list at which the token limit came."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a teacher made of one record."""

    constraints: tuple[Constraint, ...] = ()
    refined_instruction: str | None = None
    rejected: tuple[Rejected, ...] = ()
    calls: tuple[Call, ...] = ()


def propose(seeds: Sequence[Seed], asker: Asker, config: ProposerConfig, random_seed: int) -> list[Proposals]:
    """Ask about every record; one result per record, in order.

    Raises:
        CrabError: See `Asker.ask`.
    """
    plan = Plan(config, random_seed)
    asks = [(seed, ask) for seed in seeds for ask in plan.asks(seed)]

    def read(place: int, response: Response) -> Mapping[str, object] | Unreadable:
        fields = asks[place][1].fields
        return read_object(response, fields) if fields else _read_lines(response)

    replies = asker.ask([ask.question for _, ask in asks], read)
    found: dict[str, Proposals] = {}
    judges = _judged_types()
    for (seed, ask), reply in zip(asks, replies, strict=True):
        one = _proposals(seed, ask, reply.answer, config, judges)
        found[seed.id] = _joined(found.get(seed.id, Proposals()), one, reply.calls)
    return [_without_repeats(seed, found[seed.id]) for seed in seeds]


def _proposals(
    seed: Seed,
    ask: Ask,
    answer: Mapping[str, object] | Unreadable,
    config: ProposerConfig,
    judges: Mapping[str, str],
) -> Proposals:
    """What one answer proposes; `judges` as `_judged_types` gives it."""
    if isinstance(answer, Unreadable):
        where = ", ".join(ask.fields) or ask.question.purpose
        return Proposals(rejected=(_rejected(seed, UNREAD + answer.reason, answer.detail, where, ""),))
    if ask.question.purpose == "refine":
        return _refined(seed, answer["instruction"], config)
    kept: list[Constraint] = []
    rejected: list[Rejected] = []
    for key, value in answer.items():
        text = sentence(value)
        name = clean(key)
        if text is None:
            continue
        if isinstance(text, Unreadable):
            rejected.append(_rejected(seed, text.reason, text.detail, name, ""))
        elif key == CUT:
            rejected.append(_rejected(seed, CUT, "by the token limit", name, text))
        elif ask.fields and key not in ask.fields:
            rejected.append(_rejected(seed, "unknown field", excerpt(key), name, text))
        elif (constraint := typed(text, judges.get(key) if ask.fields else None)) is None:
            rejected.append(_rejected(seed, "no program reads it", "and it is nothing for a judge", name, text))
        else:
            kept.append(constraint)
    return Proposals(tuple(kept), None, tuple(rejected))


def _judged_types() -> dict[str, str]:
    """Type that was asked about -> the judged type that an unread sentence takes: itself, or its category's own one.

    A sentence about a length or a keyword that no program reads has none: a judge would have to count.
    """
    types = constraints.types()
    own = {info.category: info.name for info in types if not info.checkable}
    return {
        info.name: info.name if not info.checkable else own[info.category] for info in types if info.category in own
    }


def _refined(seed: Seed, value: object, config: ProposerConfig) -> Proposals:
    """A refined instruction that keeps the original; whether it leaks or is true of the response is verify's to say."""
    if value is None or (isinstance(value, str) and value.strip() in ("", "null", seed.instruction.strip())):
        return Proposals()
    if not isinstance(value, str):
        return Proposals(rejected=(_rejected(seed, "not a sentence", f"a {type(value).__name__}", "instruction", ""),))
    text = value.strip().encode("utf-8", "ignore").decode("utf-8")
    added = len(text.split()) - len(seed.instruction.split())
    missing = set(seed.instruction.lower().split()) - set(text.lower().split())
    if added > config.max_added_words:
        detail = f"{added} words added, at most {config.max_added_words} allowed"
        return Proposals(rejected=(_rejected(seed, "refined too far", detail, "instruction", text),))
    if len(missing) > max(3, len(set(seed.instruction.split())) // 4):
        detail = f"{len(missing)} words of the instruction are gone"
        return Proposals(rejected=(_rejected(seed, "refined away", detail, "instruction", text),))
    return Proposals(refined_instruction=text)


def _read_lines(response: Response) -> Mapping[str, object] | Unreadable:
    """The answer to the reverse task: one constraint a line."""
    if response.error is not None:
        return Unreadable(response.error, excerpt(response.detail))
    texts = [text for line in response.text.splitlines() if (text := line.strip().removeprefix("-").strip())]
    if not texts:
        return Unreadable("empty", excerpt(response.text))
    lines = {str(number): text for number, text in enumerate(texts, 1)}
    if not response.finished:
        lines[CUT] = lines.pop(str(len(texts)))
    return lines


def _without_repeats(seed: Seed, proposals: Proposals) -> Proposals:
    """Say each thing once: a model may put one sentence into two fields."""
    kept: list[Constraint] = []
    rejected = list(proposals.rejected)
    for constraint in proposals.constraints:
        if any(constraints.implies(constraint, other) and constraints.implies(other, constraint) for other in kept):
            rejected.append(_rejected(seed, "repeated", "", constraint.type, constraint.text))
        else:
            kept.append(constraint)
    return dataclasses.replace(proposals, constraints=tuple(kept), rejected=tuple(rejected))


def _joined(before: Proposals, one: Proposals, calls: tuple[Call, ...]) -> Proposals:
    return Proposals(
        before.constraints + one.constraints,
        before.refined_instruction or one.refined_instruction,
        before.rejected + one.rejected,
        before.calls + calls,
    )


def _rejected(seed: Seed, reason: str, detail: str, field: str, text: str) -> Rejected:
    return Rejected(STAGE, reason, detail, {"id": seed.id, "field": field, "text": text})

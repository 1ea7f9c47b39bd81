"""A model as judge, one constraint at a time. It fails closed: only a clear yes about a real restriction passes."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from crab.config.compute import ComputeConfig
from crab.config.judge import ExaminerConfig, JudgeConfig
from crab.constraints.registry import JUDGED
from crab.core.records import Constraint, Example, Verdict
from crab.engines.base import Response
from crab.prompts import teaching
from crab.prompts.exchange import quote
from crab.synthesis.answers import Unreadable, excerpt, read_object, sentence, typed
from crab.synthesis.asking import Asker, Question, Reply, opened
from crab.synthesis.ledger import Call

Purpose = Literal["judge", "repair", "audit"]

REFINEMENT = "circumstances:situation"
"""The type of what a refined instruction claims."""

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "verdict": {"enum": ["yes", "no", "unsure"]},
            "restricts": {"enum": ["yes", "no"]},
            "reason": {"type": "string"},
            "corrected": {"type": ["string", "null"]},
        },
        "required": ["verdict", "restricts", "reason", "corrected"],
        "additionalProperties": False,
    }
)
"""The verdict comes first: what follows cannot talk the judge out of it, and a cut answer is not read at all."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question for the judge."""

    example: Example
    constraint: Constraint
    purpose: Purpose = "judge"
    correctable: bool = True
    """Whether another text may take its place."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of a constraint."""

    constraint: Constraint
    """As it was, or with the text that the judge put right; typed where a program reads that text."""
    reason: str = ""
    """Why it is rejected; empty: it stays, as far as the judge goes."""
    detail: str = ""
    calls: tuple[Call, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class _Opinion:
    """One answer of the judge."""

    accepted: bool
    reason: str
    detail: str
    corrected: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """A model that judges, and how strictly it is asked."""

    asker: Asker
    config: ExaminerConfig

    @property
    def name(self) -> str:
        return f"judge {self.config.model.name}"

    def rule(self, cases: Sequence[Case]) -> list[Ruling]:
        """Decide each case, and once more each text that the judge corrected.

        Raises:
            CrabError: See `Asker.ask`.
        """
        rulings, corrections = self._decide(cases)
        if not self.config.repair:
            return rulings
        again: list[int] = []
        for place, text in corrections.items():
            old = rulings[place]
            repaired = typed(text, old.constraint.type)
            if repaired is None or repaired.text == old.constraint.text:
                continue
            if not is_judged(repaired):  # the checkers decide
                rulings[place] = dataclasses.replace(old, constraint=repaired, reason="", detail="")
            else:
                rulings[place] = dataclasses.replace(old, constraint=repaired)
                again.append(place)
        second, _ = self._decide([Case(cases[place].example, rulings[place].constraint, "repair") for place in again])
        for place, ruling in zip(again, second, strict=True):
            rulings[place] = dataclasses.replace(ruling, calls=rulings[place].calls + ruling.calls)
        return rulings

    def opinions(self, cases: Sequence[Case]) -> list[Ruling]:
        """Decide each case as it stands; nothing is corrected."""
        return self._decide(cases)[0]

    def _decide(self, cases: Sequence[Case]) -> tuple[list[Ruling], dict[int, str]]:
        """The rulings, and the texts that the judge would put in the place of false ones, by place."""
        asked = [question(case) for case in cases]
        opinions: list[list[Reply[_Opinion]]] = [[] for _ in cases]
        for sample in range(self.config.samples if cases else 0):
            for place, reply in enumerate(self.asker.ask(asked, lambda _, response: _read(response), sample)):
                opinions[place].append(reply)
        rulings = [self._ruling(case, replies) for case, replies in zip(cases, opinions, strict=True)]
        corrections = {
            place: text
            for place, replies in enumerate(opinions)
            if rulings[place].reason == "not satisfied"
            and cases[place].correctable
            and (text := next((o.corrected for o in _read_ones(replies) if o.corrected), None))
        }
        return rulings, corrections

    def _ruling(self, case: Case, replies: Sequence[Reply[_Opinion]]) -> Ruling:
        calls = tuple(call for reply in replies for call in reply.calls)
        found = [
            _Opinion(False, f"judge: {reply.answer.reason}", reply.answer.detail)
            if isinstance(reply.answer, Unreadable)
            else reply.answer
            for reply in replies
        ]
        yes = [opinion for opinion in found if opinion.accepted]
        if len(yes) >= self.config.agree:
            verdict = Verdict(True, yes[0].detail, self.name)
            return Ruling(dataclasses.replace(case.constraint, verdict=verdict), calls=calls)
        against = [opinion for opinion in found if not opinion.accepted]
        reason, _ = Counter(opinion.reason for opinion in against).most_common(1)[0]
        detail = next(opinion.detail for opinion in against if opinion.reason == reason)
        if yes:
            reason, detail = "judge: samples disagree", f"{len(yes)} of {len(found)} accept; otherwise: {reason}"
        verdict = Verdict(False, detail, self.name)
        return Ruling(dataclasses.replace(case.constraint, verdict=verdict), reason, detail, calls)


@contextmanager
def open_judge(config: JudgeConfig, compute: ComputeConfig) -> Iterator[Judge | None]:
    """The judge, ready to be asked; None where there is none.

    Raises:
        ResourceError: There is no such model.
    """
    if config.llm is None or config.service is None:
        yield None
        return
    with opened("judge", config.llm, config.service, teaching.identity("judge"), compute) as asker:
        yield Judge(asker, config.llm)


def rule(examples: Sequence[Example], judge: Judge | None) -> list[tuple[Ruling | None, ...]]:
    """Rule on everything that no program can decide.

    Returns:
        For each record one place per constraint, None where the checkers decide, and one for the refined instruction,
        None where there is none. Without a judge, everything that needs one is rejected.
    """
    slots: list[list[Ruling | None]] = [[None] * (len(example.constraints) + 1) for example in examples]
    places: list[tuple[int, int]] = []
    cases: list[Case] = []
    for number, example in enumerate(examples):
        for place, constraint in enumerate(example.constraints):
            if is_judged(constraint):
                places.append((number, place))
                cases.append(Case(example, constraint))
        if example.refined_instruction is not None:
            places.append((number, len(example.constraints)))
            cases.append(Case(example, refinement(example.refined_instruction), correctable=False))
    rulings = [Ruling(case.constraint, "no judge") for case in cases] if judge is None else judge.rule(cases)
    for (number, place), ruling in zip(places, rulings, strict=True):
        slots[number][place] = ruling
    return [tuple(record) for record in slots]


def refinement(instruction: str) -> Constraint:
    """What a refined instruction claims of the response, as a constraint."""
    return Constraint(REFINEMENT, {}, f"The response fully answers this instruction: {instruction}", "teacher")


def is_judged(constraint: Constraint) -> bool:
    """Whether only a reader can decide it."""
    return constraint.type in JUDGED


def question(case: Case) -> Question:
    """The question about one constraint of one record."""
    example, constraint = case.example, case.constraint
    messages = teaching.judge(quote(example.instruction, example.response), constraint.text)
    return Question(messages, SCHEMA, case.purpose, (constraint.category,))


def _read(response: Response) -> _Opinion | Unreadable:
    """One answer; whatever is not one of the words it may be counts against."""
    answer = read_object(response, ("verdict", "restricts", "reason", "corrected"))
    if isinstance(answer, Unreadable):
        return answer
    if len(answer) > 4:
        return Unreadable("wrong fields", excerpt(", ".join(sorted(answer))))
    reason = excerpt(answer["reason"]) if isinstance(answer["reason"], str) else ""
    match (answer["verdict"], answer["restricts"]):
        case ("yes", "yes"):
            return _Opinion(True, "", reason)
        case ("yes", "no"):
            return _Opinion(False, "no real restriction", reason)
        case ("no", "yes" | "no"):
            corrected = sentence(answer["corrected"])
            return _Opinion(False, "not satisfied", reason, corrected if isinstance(corrected, str) else None)
        case ("unsure", "yes" | "no"):
            return _Opinion(False, "judge: unsure", reason)
        case _:
            return Unreadable("unreadable", f"verdict {excerpt(str(answer['verdict']), 40)!r}")


def _read_ones(replies: Sequence[Reply[_Opinion]]) -> list[_Opinion]:
    return [reply.answer for reply in replies if isinstance(reply.answer, _Opinion)]

"""What the judge's answers say: a fixed form, read strictly; whatever else it says is a failure, not a verdict.

The official code takes any last line with YES for a verdict at level 1, runs `eval` on the judge's text above it, and
adds -1 to the score where that fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crab.engines.base import Engine, Request, Response
from crab.evaluation.followbench.items import Item
from crab.prompts import followbench as prompts


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge said of one answer."""

    text: str
    """All of it."""
    met: tuple[bool, ...] | None
    """One per constraint, in the order in which they were added; None where that cannot be read."""
    failure: str
    """Why not: a short fixed phrase that can be counted; empty where it can."""


def requests(items: Sequence[Item], answers: Sequence[str], max_new_tokens: int) -> list[Request]:
    """One greedy question per answer; ids are the items'."""
    return [
        Request(item.id, prompts.ask(item.versions, answer).messages, max_new_tokens)
        for item, answer in zip(items, answers, strict=True)
    ]


def judge(engine: Engine, items: Sequence[Item], answers: Sequence[str], max_new_tokens: int) -> list[Judgement]:
    """Have each answer judged, in order."""
    responses = engine.generate(requests(items, answers, max_new_tokens))
    return [
        read(response, prompts.ask(item.versions, answer).code, item.level)
        for item, answer, response in zip(items, answers, responses, strict=True)
    ]


def read(response: Response, code: str, count: int) -> Judgement:
    """Read a judgement.

    Args:
        response: The judge's.
        code: What the verdict line has to carry; stands nowhere in the item or the answer.
        count: Constraints to decide.
    """
    if response.error is not None:
        return Judgement(response.text, None, f"no judgement: {response.error}")
    if not response.finished:
        return Judgement(response.text, None, "cut by the token limit")
    lines = [line.strip() for line in response.text.strip().split("\n")]
    marked = [line for line in lines if line.startswith(f"{code} VERDICTS")]
    if not marked:
        return Judgement(response.text, None, "no verdict line")
    if len(marked) > 1:
        return Judgement(response.text, None, "several verdict lines")
    if lines[-1] != marked[0]:
        return Judgement(response.text, None, "text behind the verdict line")
    found = re.fullmatch(r"VERDICTS: ((?:YES|NO)(?: (?:YES|NO))*)", marked[0].removeprefix(f"{code} "))
    if found is None:
        return Judgement(response.text, None, "verdict line of another form")
    words = found[1].split(" ")
    if len(words) != count:
        return Judgement(response.text, None, "another number of verdicts")
    return Judgement(response.text, tuple(word == "YES" for word in words), "")

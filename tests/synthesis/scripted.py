"""A model for tests that says what a function tells it to, and counts what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from crab.config.judge import ExaminerConfig
from crab.config.llm import BudgetConfig, LlmModelConfig, LlmSamplingConfig
from crab.config.teacher import ProposerConfig
from crab.core.records import Seed
from crab.engines.base import Engine, ErrorKind, OnAnswer, Request, Response, ignore
from crab.synthesis.asking import Asker, Budget

UNLIMITED = BudgetConfig(max_requests=None, max_tokens=None, max_money=None)
MODEL = LlmModelConfig(name="scripted", revision=None, folder=None, digest=None, options={})
SAMPLING = LlmSamplingConfig(temperature=0.4, top_p=0.9, max_new_tokens=200, random_seed=0)
GROUPS = {"meaning": ["style:writing_style", "devices:literary"], "measure": ["items:num_bullets", "length:num_words"]}


class Scripted(Engine):
    """Answers by a function of the request: a text, or the kind of an error."""

    def __init__(self, answer: Callable[[Request], str], errors: Sequence[ErrorKind] = ()) -> None:
        self.answer = answer
        self.errors = set(errors)
        self.seen: list[Request] = []

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        for request in reversed(requests):  # as they complete, which is in any order
            self.seen.append(request)
            text = self.answer(request)
            error = next((kind for kind in self.errors if kind == text), None)
            finished = not text.endswith("<cut>")
            response = Response(request.id, "" if error else text.removesuffix("<cut>"), finished, 100, 10, error)
            on_answer(response)
            yield response


def proposer(**changes: Any) -> ProposerConfig:
    values: dict[str, Any] = {
        "model": MODEL, "sampling": SAMPLING, "attempts": 1, "prices": None,
        "task": "fields", "groups": GROUPS, "refine": True, "max_added_words": 20,
    }  # fmt: skip
    return ProposerConfig(**(values | changes))


def examiner(**changes: Any) -> ExaminerConfig:
    values: dict[str, Any] = {
        "model": MODEL, "sampling": SAMPLING, "attempts": 1, "prices": None,
        "samples": 1, "agree": 1, "repair": True, "audit_records": 10,
    }  # fmt: skip
    return ExaminerConfig(**(values | changes))


def asker(engine: Engine, config: ProposerConfig | ExaminerConfig, budget: BudgetConfig = UNLIMITED) -> Asker:
    return Asker(engine, config, Budget("teacher", budget, config.prices))


def question(request: Request) -> str:
    """What a request asks, after the quoted exchange."""
    return request.messages[-1]["content"].rpartition(" end]\n\n")[2]


def verdict(verdict: str, restricts: str = "yes", reason: str = "seen", corrected: str | None = None) -> str:
    return json.dumps({"verdict": verdict, "restricts": restricts, "reason": reason, "corrected": corrected})


def seed(number: int, response: str = "Tea warms you.\n\n- It is hot.\n- It is brown.") -> Seed:
    return Seed(f"s{number}", "test", "Tell me about tea.", response, "en")

"""Budget, cache and ledger: nothing is asked twice, a limit stops cleanly, and costs do not depend on the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from crab.config.llm import BudgetConfig, PricesConfig
from crab.core.errors import CrabError
from crab.engines.base import Request, Response
from crab.engines.cache import Cached
from crab.synthesis.answers import Unreadable
from crab.synthesis.asking import Asker, Budget, Question
from crab.synthesis.ledger import Call, Ledger, per_accepted
from tests.synthesis.scripted import Scripted, examiner

PRICES = PricesConfig(per_million_prompt_tokens=1.0, per_million_completion_tokens=10.0)
QUESTIONS = [Question([{"role": "user", "content": f"number {n}"}], "", "judge", ("style",)) for n in range(20)]


def read(_: int, response: Response) -> str | Unreadable:
    return response.text if response.error is None else Unreadable(response.error, "")


def budget(**limits: float) -> Budget:
    values = {"max_requests": None, "max_tokens": None, "max_money": None} | limits
    return Budget("judge", BudgetConfig(**values), PRICES)  # type: ignore[arg-type]


def speak(request: Request) -> str:
    return request.messages[0]["content"]


def test_answers_come_in_the_order_of_the_questions() -> None:
    replies = Asker(Scripted(speak), examiner(), budget()).ask(QUESTIONS, read)
    assert [reply.answer for reply in replies] == [f"number {n}" for n in range(20)]


@pytest.mark.parametrize(
    ("limits", "asked"),
    [
        ({"max_requests": 7}, 7),
        ({"max_requests": 0}, 0),
        ({"max_tokens": 550}, 6),
        ({"max_money": 0.001}, 6),  # an answer costs 100 x 1e-6 + 10 x 10e-6 = 0.0002
    ],
)
def test_a_limit_stops_and_keeps_what_is_done(limits: dict[str, float], asked: int, tmp_path: Path) -> None:
    engine = Scripted(speak)
    cached = Cached(engine, {"model": "scripted"}, tmp_path / "answers")
    with pytest.raises(CrabError, match=rf"judge\.service\.budget.*{next(iter(limits))}.*every answer is kept"):
        Asker(cached, examiner(), budget(**limits)).ask(QUESTIONS, read)
    assert len(engine.seen) == asked
    # With a higher limit it goes on where it was.
    asker = Asker(cached, examiner(), budget())
    replies = asker.ask(QUESTIONS, read)
    assert len(engine.seen) == 20
    assert asker.spent["cached"] == asked
    assert [reply.answer for reply in replies] == [f"number {n}" for n in range(20)]


def test_a_limit_counts_what_earlier_attempts_have_spent() -> None:
    limited = budget(max_tokens=550)
    limited.settle([Call("judge", ("style",), 100, 10)] * 4)
    engine = Scripted(speak)
    with pytest.raises(CrabError, match="max_tokens"):
        Asker(engine, examiner(), limited).ask(QUESTIONS, read)
    assert len(engine.seen) == 2


def test_costs_are_the_same_from_the_cache(tmp_path: Path) -> None:
    engine = Scripted(speak)
    cached = Cached(engine, {"model": "scripted"}, tmp_path / "answers")
    first, second = (Asker(cached, examiner(), budget()).ask(QUESTIONS, read) for _ in range(2))
    assert first == second
    assert len(engine.seen) == 20


def test_a_category_pays_its_part_and_the_total_everything() -> None:
    ledger = Ledger()
    ledger.add([Call("propose", ("style", "format"), 100, 10), Call("judge", ("style",), 50, 5)])
    assert ledger.by_purpose(PRICES) == {
        "judge": {"requests": 1, "prompt_tokens": 50, "completion_tokens": 5, "money": 0.0001},
        "propose": {"requests": 1, "prompt_tokens": 100, "completion_tokens": 10, "money": 0.0002},
        "total": {"requests": 2, "prompt_tokens": 150, "completion_tokens": 15, "money": 0.0003},
    }
    assert ledger.by_category(None)["style"] == {"requests": 1.5, "prompt_tokens": 100, "completion_tokens": 10}
    price = per_accepted([ledger.by_category(None)], {"style": 3, "length": 1})
    assert price["style"] == {"accepted": 3, "requests": 0.5, "prompt_tokens": 33.333, "completion_tokens": 3.333}
    assert price["format"] == {"accepted": 0}
    assert price["total"]["accepted"] == 4
    assert price["total"]["prompt_tokens"] == 37.5

from __future__ import annotations

import pytest

from crab.config.seed import NearDuplicatesConfig
from crab.core.records import Seed
from crab.data.duplicates import Exact, Near

CONFIG = NearDuplicatesConfig(threshold=0.8, shingle_words=3)
LONG = " ".join(f"word{n}" for n in range(60))


def seed(number: int, instruction: str, response: str) -> Seed:
    return Seed(str(number), "test", instruction, response, "en")


def kept(check: Exact | Near, *pairs: tuple[str, str]) -> list[bool]:
    return [check(seed(number, *pair)).ok for number, pair in enumerate(pairs)]


@pytest.mark.parametrize(
    ("pairs", "expected", "why"),
    [
        ([("a", "x"), ("a", "y")], [True, True], "siblings stay"),
        ([("a", "x"), ("a", "x")], [True, False], "the same answer twice"),
        ([("a", "x"), ("b", "x")], [True, True], "one answer to two questions"),
        ([("Say  HI!", "x"), ("say hi", "x")], [True, False], "instructions differ in form only"),
        ([("a", "X"), ("a", "x")], [True, True], "responses differ in case: another form is another answer"),
        ([("a", "x\ny"), ("a", "x y")], [True, True], "responses differ in layout"),
        ([("a", "x"), ("a", "x"), ("a", "x")], [True, False, False], "three times"),
    ],
)
def test_exact_duplicates(pairs: list[tuple[str, str]], expected: list[bool], why: str) -> None:
    assert kept(Exact(), *pairs) == expected, why


@pytest.mark.parametrize(
    ("pairs", "expected", "why"),
    [
        ([("tell me of bees", LONG), ("tell me of bees", "quite another answer to it")], [True, True], "siblings stay"),
        ([("tell me of bees", LONG), ("tell me of bees", LONG + " more")], [True, False], "nearly the same answer"),
        ([("tell me of bees", LONG), ("Tell me: of bees?", LONG.upper())], [True, False], "form does not count"),
        ([("tell me of bees", LONG), ("write on trams instead", LONG)], [True, True], "another question"),
        ([("yes or no", "Yes."), ("yes or no", "No.")], [True, True], "short siblings stay"),
        ([("yes or no", "Yes."), ("yes or no", "yes")], [True, False], "short and the same"),
        ([("draw a cat", "🐱"), ("draw a cat", "🐶")], [True, True], "no words at all"),
        ([("a", LONG), ("a", " ".join(reversed(LONG.split())))], [True, True], "order counts"),
    ],
)
def test_near_duplicates(pairs: list[tuple[str, str]], expected: list[bool], why: str) -> None:
    assert kept(Near(CONFIG), *pairs) == expected, why


def test_the_threshold_is_exact_whatever_the_signatures_say() -> None:
    # Of 58 shingles of three words, a changed last word leaves 57 common of 59: 0.966.
    changed = LONG.rsplit(" ", 1)[0] + " other"
    for threshold, stays in ((0.96, False), (0.97, True)):
        near = Near(NearDuplicatesConfig(threshold=threshold, shingle_words=3))
        assert kept(near, ("a", LONG), ("a", changed)) == [True, stays]


def test_a_dropped_pair_names_the_one_that_stays() -> None:
    near = Near(CONFIG)
    near(seed(7, "a", LONG))
    answer = near(seed(8, "a", LONG))
    assert (answer.reason, answer.detail) == ("near duplicate", "1.00 like 7")

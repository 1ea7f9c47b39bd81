"""Verdicts: none goes further than its interval."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crab.report.verdicts import LEVEL, judge

POINT = st.floats(-1, 1, allow_nan=False)
P = st.floats(0, 1)
SEEDS = st.integers(2, 10)
MARGIN = st.floats(0.001, 0.5)


@pytest.mark.parametrize(
    ("low", "high", "p", "seeds", "word", "why"),
    [
        (0.01, 0.2, 0.01, 5, "holds", "claimed side"),
        (-0.2, -0.01, 0.01, 5, "does not hold", "other side"),
        (-0.02, 0.02, 0.9, 5, "does not hold", "within 3 points"),
        (-0.2, 0.2, 0.9, 5, "undecided", "contains 0"),
        (-0.03, 0.02, 0.9, 5, "undecided", "contains 0"),
        (0.0, 0.2, 0.05, 5, "undecided", "contains 0"),
        (0.01, 0.2, 0.06, 5, "undecided", "for it by itself"),
        (-0.2, -0.01, 0.06, 5, "undecided", "against it by itself"),
        (0.01, 0.2, 0.001, 1, "undecided", "one seed"),
        (None, None, 1.0, 2, "undecided", "open"),
    ],
)
def test_each_verdict(low: float | None, high: float | None, p: float, seeds: int, word: str, why: str) -> None:
    verdict = judge(low, high, p, seeds, "higher", 0.03)
    assert verdict.word == word
    assert why in verdict.why


@given(POINT, POINT, P, SEEDS, MARGIN)
def test_a_claim_holds_only_where_its_interval_leaves_out_0(
    one: float, other: float, p: float, seeds: int, margin: float
) -> None:
    low, high = sorted((one, other))
    verdict = judge(low, high, p, seeds, "higher", margin)
    if verdict.word == "holds":
        assert low > 0
        assert p <= LEVEL
    if verdict.word == "does not hold":
        assert (high < 0 and p <= LEVEL) or -margin < low <= high < margin
    if low <= 0 <= high and max(-low, high) >= margin:
        assert verdict.word == "undecided"


@given(POINT, POINT, P, st.integers(1, 10), MARGIN)
def test_the_opposite_claim_is_the_mirror_image(one: float, other: float, p: float, seeds: int, margin: float) -> None:
    low, high = sorted((one, other))
    assert judge(low, high, p, seeds, "higher", margin) == judge(-high, -low, p, seeds, "lower", margin)


@given(POINT, POINT, P, P, SEEDS, MARGIN)
def test_a_claim_and_its_opposite_never_both_hold(
    one: float, other: float, p: float, stricter: float, seeds: int, margin: float
) -> None:
    low, high = sorted((one, other))
    words = {judge(low, high, p, seeds, side, margin).word for side in ("higher", "lower")}
    assert words != {"holds"}
    assume(stricter >= p)
    if judge(low, high, stricter, seeds, "higher", margin).word == "holds":
        assert judge(low, high, p, seeds, "higher", margin).word == "holds", "less chance cannot take a claim away"


@given(POINT, POINT, P, MARGIN)
def test_one_seed_decides_nothing(one: float, other: float, p: float, margin: float) -> None:
    assert judge(min(one, other), max(one, other), p, 1, "higher", margin).word == "undecided"

"""Intervals cover a known truth about as often as they say, and pairing makes them narrow where it should."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab.evaluation.intervals import Bootstrap, Interval, smallest_detectable_difference, t_interval

ROOT = Path(__file__).parents[2]
BOOTSTRAP = Bootstrap(random_seed=0, samples=500, confidence=0.95)


def coverage(make: Callable[[np.random.Generator, int], Interval], truth: float, repeats: int) -> float:
    rng = np.random.default_rng(1)
    intervals = [make(rng, number) for number in range(repeats)]
    return sum(i.low is not None and i.high is not None and i.low <= truth <= i.high for i in intervals) / repeats


# 300 repeats at a true coverage of 0.95 give a standard error of 0.013.
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_a_share_is_covered_as_often_as_promised(share: float) -> None:
    def make(rng: np.random.Generator, number: int) -> Interval:
        return BOOTSTRAP.mean(str(number), (rng.random(300) < share).astype(float).tolist())

    assert 0.90 <= coverage(make, share, 300) <= 0.99


def test_a_ratio_of_clustered_counts_is_covered_as_often_as_promised() -> None:
    """Constraints of one prompt succeed together; treating them as independent would cover far too seldom."""

    def draw(rng: np.random.Generator) -> tuple[list[float], list[float]]:
        asked = rng.integers(1, 5, 200)
        ability = rng.beta(0.5, 0.5, 200)
        return rng.binomial(asked, ability).astype(float).tolist(), asked.astype(float).tolist()

    def make(rng: np.random.Generator, number: int) -> Interval:
        return BOOTSTRAP.ratio(str(number), *draw(rng))

    def independent(rng: np.random.Generator, number: int) -> Interval:
        met, asked = draw(rng)
        flat = [float(place < m) for m, a in zip(met, asked, strict=True) for place in range(int(a))]
        return BOOTSTRAP.mean(str(number), flat)

    assert 0.90 <= coverage(make, 0.5, 300) <= 0.99
    assert coverage(independent, 0.5, 300) < 0.90


def test_a_paired_difference_is_covered_and_narrower_than_an_unpaired_one() -> None:
    widths: list[tuple[float, float]] = []

    def make(rng: np.random.Generator, number: int) -> Interval:
        difficulty = rng.random(300)
        noise = rng.random((2, 300))
        # The second model solves what the first one solves, and five prompts in a hundred more.
        first = ((difficulty + 0.1 * noise[0]) < 0.5).astype(float)
        second = ((difficulty + 0.1 * noise[1] - 0.05) < 0.5).astype(float)
        paired = BOOTSTRAP.difference(str(number), second.tolist(), first.tolist(), [1.0] * 300)
        ends = [BOOTSTRAP.mean(f"{number}/{i}", values.tolist()) for i, values in enumerate((first, second))]
        assert paired.low is not None
        assert paired.high is not None
        unpaired = math.hypot(*(end.high - end.low for end in ends if end.high is not None and end.low is not None))
        widths.append((paired.high - paired.low, unpaired))
        return paired

    assert 0.90 <= coverage(make, 0.05, 200) <= 0.99
    paired, unpaired = np.mean(widths, axis=0)
    assert paired < 0.7 * unpaired


def test_seeds_are_covered_as_often_as_promised() -> None:
    assert 0.92 <= coverage(lambda rng, _: t_interval(rng.normal(0.3, 0.02, 4).tolist()), 0.3, 1000) <= 0.98


def test_the_detectable_difference_is_detected_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    spread, n = 0.6, 400
    true = smallest_detectable_difference(rng.normal(0, spread, n).tolist())
    assert true is not None
    found = 0
    for _ in range(400):
        sample = rng.normal(true, spread, n)
        found += abs(sample.mean()) > 1.96 * sample.std(ddof=1) / math.sqrt(n)
    assert 0.73 <= found / 400 <= 0.88


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), min_size=2, max_size=30))
def test_an_interval_holds_its_estimate_and_stays_in_range(counts: list[tuple[int, int]]) -> None:
    met = [float(min(m, a)) for m, a in counts]
    asked = [float(a) for _, a in counts]
    interval = BOOTSTRAP.ratio("any", met, asked)
    assert interval.low is not None
    assert interval.high is not None
    assert 0 <= interval.low <= interval.high <= 1
    assert interval.mean == pytest.approx(sum(met) / sum(asked), abs=1e-6)
    assert interval.n == len(counts)
    zero = BOOTSTRAP.difference("none", met, met, asked)
    assert (zero.mean, zero.low, zero.high) == (0, 0, 0)


def test_one_observation_leaves_the_ends_open() -> None:
    assert BOOTSTRAP.mean("one", [1.0]) == Interval(1.0, None, None, 1)
    assert t_interval([0.5]) == Interval(0.5, None, None, 1)
    assert smallest_detectable_difference([0.5]) is None


def test_no_observation_is_an_error() -> None:
    with pytest.raises(ValueError, match="no prompts"):
        BOOTSTRAP.mean("none", [])
    with pytest.raises(ValueError, match="no values"):
        t_interval([])


def test_a_higher_confidence_is_wider() -> None:
    values = [float(number % 3 == 0) for number in range(60)]
    narrow, wide = (Bootstrap(0, 2000, confidence).mean("x", values) for confidence in (0.8, 0.99))
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low


def test_the_same_in_another_process_and_any_order() -> None:
    program = (
        "from crab.evaluation.intervals import Bootstrap\n"
        "b, v = Bootstrap(7, 300, 0.9), [float(i % 3) for i in range(40)]\n"
        "if {first}: b.mean('other', v)\nprint(b.mean('x', v))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program.format(first=first)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        for first in (True, False)
    ]
    assert (
        runs[0].stdout == runs[1].stdout == f"{Bootstrap(7, 300, 0.9).mean('x', [float(i % 3) for i in range(40)])}\n"
    )

"""Statistics of tables by simulation: intervals cover a known truth, claims are wrong no more often than they say.

Single intervals are simulated in `test_intervals`.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.evaluation import comparisons, strata
from crab.evaluation.comparisons import holm, over_seeds, sign_flips
from crab.evaluation.intervals import Bootstrap, Interval, smallest_detectable_difference
from crab.evaluation.strata import Stratum

ROUNDS = 300
BOOTSTRAP = Bootstrap(random_seed=0, samples=400, confidence=0.9)


def covered(intervals: list[Interval], truth: float) -> float:
    inside = [one.low is not None and one.high is not None and one.low <= truth <= one.high for one in intervals]
    return sum(inside) / len(inside)


def test_chains_within_categories_cover_the_truth() -> None:
    rng = np.random.default_rng(5)
    rates = {"a": 0.2, "b": 0.5, "c": 0.9}
    found = []
    for round_ in range(ROUNDS):
        tables = []
        for name, rate in rates.items():
            quality = rng.beta(4 * rate, 4 * (1 - rate), (30, 1))
            tables.append(Stratum(name, rng.binomial(1, np.repeat(quality, 5, axis=1)).astype(float)))
        interval = strata.mean(BOOTSTRAP, str(round_), tables, [1.0] * 5)
        assert interval is not None
        found.append(interval)
    assert 0.84 <= covered(found, sum(rates.values()) / 3) <= 0.95


def test_missing_verdicts_at_random_leave_a_mean_where_it_is() -> None:
    rng = np.random.default_rng(6)
    means = []
    for round_ in range(60):
        scores = rng.binomial(1, 0.4, (40, 5)).astype(float)
        scores[rng.random((40, 5)) < 0.2] = np.nan
        interval = strata.mean(BOOTSTRAP, str(round_), [Stratum("a", scores)], [1.0] * 5)
        assert interval is not None
        means.append(interval.mean)
    assert np.mean(means) == pytest.approx(0.4, abs=0.02)


def test_two_seeds_and_prompts_cover_the_truth_better_than_prompts_alone() -> None:
    rng = np.random.default_rng(7)
    both, alone = [], []
    for round_ in range(150):
        seeds = rng.normal(0.0, 0.05, (8, 1))
        first = rng.normal(0.2, 0.5, (8, 60)) + seeds
        second = rng.normal(0.0, 0.5, (8, 60))
        both.append(over_seeds(str(round_), first.tolist(), second.tolist(), BOOTSTRAP))
        alone.append(BOOTSTRAP.mean(str(round_), (first - second).mean(axis=0).tolist()))
    assert covered(both, 0.2) >= 0.83
    assert covered(both, 0.2) > covered(alone, 0.2)


def test_sign_flips_reject_as_often_as_chance_allows() -> None:
    rng = np.random.default_rng(9)
    boot = Bootstrap(0, 300, 0.95)
    p = [sign_flips(str(n), rng.choice([-1.0, 0.0, 1.0], 60).tolist(), boot) for n in range(400)]
    assert 0.02 <= np.mean([one <= 0.05 for one in p]) <= 0.09
    assert sign_flips("same", [0.0] * 9, boot) == 1
    assert sign_flips("far", [1.0] * 40, boot) == pytest.approx(1 / 301, abs=1e-6)


def test_holm_by_hand() -> None:
    assert holm([]) == []
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.2])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_is_never_below_the_p_value_and_keeps_the_order(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(one <= other <= 1 for one, other in zip(p, adjusted, strict=True))
    order = sorted(range(len(p)), key=lambda place: p[place])
    assert [adjusted[place] for place in order] == sorted(adjusted)


def test_holm_claims_a_false_difference_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(10)
    boot = Bootstrap(0, 200, 0.95)
    wrong = 0
    for round_ in range(120):
        rows = {f"{round_}/{row}": rng.choice([-1.0, 1.0], 40).tolist() for row in range(8)}
        wrong += any(row.claimed for row in comparisons.table(rows, boot))
    assert wrong / 120 <= 0.12


def test_a_table_of_differences() -> None:
    boot = Bootstrap(0, 2000, 0.95)
    rows = comparisons.table({"none": [1.0, -1.0] * 30, "large": [1.0] * 50 + [0.0] * 10}, boot)
    assert [(row.name, row.claimed) for row in rows] == [("none", False), ("large", True)]
    assert rows[1].adjusted == pytest.approx(2 * rows[1].p)
    assert rows == comparisons.table({"none": [1.0, -1.0] * 30, "large": [1.0] * 50 + [0.0] * 10}, boot)


SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(SCORES)
def test_accuracies_and_their_intervals_stay_between_0_and_1(values: list[float]) -> None:
    found = Bootstrap(0, 100, 0.95).mean("x", values)
    assert -1e-6 <= found.mean <= 1 + 1e-6
    if found.low is not None and found.high is not None:
        assert -1e-6 <= found.low <= found.high <= 1 + 1e-6
        assert min(values) - 1e-6 <= found.low
        assert found.high <= max(values) + 1e-6


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, float("nan")]), min_size=2, max_size=2), min_size=1, max_size=6))
def test_cells_without_verdicts_never_give_a_number_out_of_bounds(rows: list[list[float]]) -> None:
    tables = [Stratum("a", np.array(rows))]
    found = strata.mean(Bootstrap(0, 100, 0.95), "x", tables, [1.0, 1.0])
    empty = np.isnan(np.array(rows)).all(axis=0).any()
    assert (found is None) == bool(empty)
    if found is not None:
        assert 0 <= found.mean <= 1
        assert found.low is None or 0 <= found.low <= found.high  # type: ignore[operator]
    error = strata.standard_error(tables, [1.0, 1.0])
    assert error is None or error >= 0


def test_one_seed_has_no_interval() -> None:
    found = over_seeds("x", [[1.0, 0.0]], [[0.0, 0.0]], BOOTSTRAP)
    assert (found.mean, found.low, found.n) == (0.5, None, 1)
    with pytest.raises(ValueError, match="one row per seed"):
        over_seeds("x", [], [], BOOTSTRAP)


def test_models_that_never_differ_leave_open_what_could_be_found() -> None:
    assert smallest_detectable_difference([0.0] * 50) is None
    assert smallest_detectable_difference([0.1] * 3) is None  # whose rounding errors are no variance
    assert smallest_detectable_difference([0.0] * 49 + [1.0]) is not None

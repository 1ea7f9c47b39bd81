from __future__ import annotations

from statistics import fmean

from crab.core import randomness


def test_the_numbers_are_fixed_for_all_time() -> None:
    assert randomness.rng(0, "mix", "id-1").random() == 0.8709695791864338
    assert randomness.fraction(0, "split", "id-1") == 0.6854740490589321


def test_purposes_do_not_share_numbers() -> None:
    assert len({randomness.rng(0, "a", i).random() for i in range(100)} | {randomness.rng(0, "b", 0).random()}) == 101
    assert randomness.fraction(0, "ab", "c") != randomness.fraction(0, "a", "bc")


def test_fractions_are_uniform() -> None:
    values = [randomness.fraction(1, "split", i) for i in range(4000)]
    assert abs(fmean(values) - 0.5) < 0.02
    assert abs(fmean(value < 0.2 for value in values) - 0.2) < 0.02


def test_lone_surrogates_do_not_crash_a_split() -> None:
    assert 0 <= randomness.fraction(0, "\ud800") < 1

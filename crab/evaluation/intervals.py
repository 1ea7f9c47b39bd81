"""How sure a number is: bootstrap intervals over prompts, and t intervals over seeds.

Prompts are what is drawn anew: constraints of one prompt share a response and are not independent, so an
instruction-level accuracy is resampled by whole prompts too. Two models are compared on the same resamples (paired).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crab.core import randomness

DIGITS = 6
"""Digits kept: far below any interval, above the rounding of sums."""
_BATCH_NUMBERS = 4_000_000
"""Numbers that one batch of resamples holds; bounds memory."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval; both ends are None where fewer than two observations leave them open."""

    mean: float
    low: float | None
    high: float | None
    n: int
    """Observations that were resampled: prompts, or seeds."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Percentile bootstrap. Every interval has random numbers of its own, so none depends on which others are made."""

    random_seed: int
    samples: int
    confidence: float

    def mean(self, name: str, values: Sequence[float]) -> Interval:
        """Mean of one value per prompt."""
        return self.ratio(name, values, [1.0] * len(values))

    def ratio(self, name: str, numerators: Sequence[float], denominators: Sequence[float]) -> Interval:
        """Sum over sum, e.g. constraints met over constraints asked; prompts are resampled whole.

        Args:
            name: What is estimated; picks the random numbers.
            numerators: One number per prompt.
            denominators: One positive number per prompt.

        Raises:
            ValueError: No prompts.
        """
        return self._interval(name, _ratio, numerators, denominators)

    def difference(
        self, name: str, first: Sequence[float], second: Sequence[float], denominators: Sequence[float]
    ) -> Interval:
        """Ratio of `first` minus ratio of `second` on the same prompts, resampled together."""
        return self._interval(name, _difference, first, second, denominators)

    def _interval(self, name: str, statistic: Any, *columns: Sequence[float]) -> Interval:
        data = [np.asarray(column, dtype=np.float64) for column in columns]
        n = len(data[0])
        if n == 0:
            raise ValueError(f"{name}: no prompts to estimate from")
        mean = round(float(statistic(*data, axis=-1)), DIGITS)
        if n == 1:
            return Interval(mean, None, None, n)
        found = stats.bootstrap(
            data,
            statistic,
            paired=True,
            vectorized=True,
            n_resamples=self.samples,
            batch=max(1, _BATCH_NUMBERS // n),
            confidence_level=self.confidence,
            method="percentile",
            rng=np.random.default_rng(randomness.rng(self.random_seed, "bootstrap", name).getrandbits(128)),
        ).confidence_interval
        return Interval(mean, round(float(found.low), DIGITS), round(float(found.high), DIGITS), n)


def t_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean of one value per seed, with Student's interval: few values, roughly normal.

    Raises:
        ValueError: No values.
    """
    n = len(values)
    if n == 0:
        raise ValueError("no values to estimate from")
    mean = float(np.mean(values))
    if n == 1:
        return Interval(round(mean, DIGITS), None, None, n)
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(round(mean, DIGITS), round(mean - half, DIGITS), round(mean + half, DIGITS), n)


def t_test(values: Sequence[float]) -> float:
    """How likely a mean at least as far from 0 is by chance: Student's two-sided test; 1 where nothing differs from 0.

    Raises:
        ValueError: Fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("a t-test needs two values or more")
    if not np.ptp(values):
        return 1.0 if values[0] == 0 else 0.0
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def smallest_detectable_difference(
    differences: Sequence[float], confidence: float = 0.95, power: float = 0.8
) -> float | None:
    """The true paired difference that a test at this confidence finds with this probability.

    None for fewer than two, and where all are the same: without any spread the sample cannot tell.

    Normal approximation: (z_{1-a/2} + z_{power}) times the standard error of the mean of the per-prompt differences.

    Args:
        differences: One value per prompt: the first model's score minus the second's.
        confidence: 1 minus the two-sided level of the test.
        power: Probability of finding it.
    """
    if len(set(differences)) < 2:
        return None
    error = float(np.std(differences, ddof=1)) / math.sqrt(len(differences))
    return round(power_multiple(confidence, power) * error, DIGITS)


def power_multiple(confidence: float = 0.95, power: float = 0.8) -> float:
    """How many standard errors a difference has to be for a two-sided test to find it with this probability."""
    return float(stats.norm.ppf((1 + confidence) / 2) + stats.norm.ppf(power))


def _ratio(numerators: NDArray[np.float64], denominators: NDArray[np.float64], axis: int) -> Any:
    return numerators.sum(axis) / denominators.sum(axis)


def _difference(
    first: NDArray[np.float64], second: NDArray[np.float64], denominators: NDArray[np.float64], axis: int
) -> Any:
    return (first - second).sum(axis) / denominators.sum(axis)

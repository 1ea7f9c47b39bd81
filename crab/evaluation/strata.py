"""Intervals of a mean over cells of a table: FollowBench's levels and categories, drawn anew by whole chains.

A chain's five levels are one instruction that grows: they are not independent, so that chains are resampled, within
each category, and never single items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crab.core import randomness
from crab.evaluation.intervals import DIGITS, Bootstrap, Interval

Cells = NDArray[np.float64]
"""Per chain (row) and level (column)."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One category: what was reached, NaN where there is no verdict."""

    name: str
    scores: Cells


def mean(bootstrap: Bootstrap, name: str, strata: Sequence[Stratum], weights: Sequence[float]) -> Interval | None:
    """Weighted mean over levels of the unweighted mean over categories of the rate in each cell.

    Args:
        bootstrap: Random seed, samples and confidence.
        name: What is estimated; picks the random numbers.
        strata: The categories; equally many levels each.
        weights: One per level, not all 0; levels of weight 0 have no part.

    Returns:
        None where a cell with weight holds no verdict at all: then there is no such mean.
    """
    estimate = _estimate([_rates(stratum.scores[np.newaxis]) for stratum in strata], weights)
    if not strata or np.isnan(estimate[0]):
        return None
    chains = sum(len(stratum.scores) for stratum in strata)
    drawn = [_rates(_resampled(bootstrap, name, stratum)) for stratum in strata]
    spread = _estimate(drawn, weights)
    spread = spread[~np.isnan(spread)]  # resamples that drew only chains without a verdict into a cell
    mean_ = round(float(estimate[0]), DIGITS)
    if min(len(stratum.scores) for stratum in strata) < 2 or not len(spread):
        return Interval(mean_, None, None, chains)
    low, high = np.quantile(spread, [(1 - bootstrap.confidence) / 2, (1 + bootstrap.confidence) / 2])
    return Interval(mean_, round(float(low), DIGITS), round(float(high), DIGITS), chains)


def standard_error(strata: Sequence[Stratum], weights: Sequence[float]) -> float | None:
    """Of the mean that `mean` estimates, by the variance of whole chains within each category.

    None where a category has fewer than two chains with a verdict.
    """
    used = np.asarray(weights, dtype=np.float64)
    variance = 0.0
    for stratum in strata:
        known = ~np.isnan(stratum.scores)
        share = np.where(known, used, 0.0)
        whole = share.sum(axis=1)
        values = np.where(known, stratum.scores, 0.0)[whole > 0]
        if len(values) < 2:
            return None
        chains = (values * share[whole > 0]).sum(axis=1) / whole[whole > 0]
        variance += float(np.var(chains, ddof=1)) / len(chains) / len(strata) ** 2
    return round(float(variance**0.5), 2 * DIGITS)


def _resampled(bootstrap: Bootstrap, name: str, stratum: Stratum) -> Cells:
    numbers = randomness.rng(bootstrap.random_seed, "strata", name, stratum.name).getrandbits(128)
    count = len(stratum.scores)
    return stratum.scores[np.random.default_rng(numbers).integers(0, count, (bootstrap.samples, count))]


def _rates(scores: Cells) -> Cells:
    """[samples, chains, levels] -> rate of each level, NaN where there is no verdict."""
    known = ~np.isnan(scores)
    counts = known.sum(axis=1)
    sums = np.where(known, scores, 0.0).sum(axis=1)
    rates: Cells = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return rates


def _estimate(rates: Sequence[Cells], weights: Sequence[float]) -> Cells:
    if not rates:
        return np.full(1, np.nan)
    used = np.asarray(weights, dtype=np.float64)
    chosen = np.stack(rates)[:, :, used > 0].mean(axis=0)  # over categories, equally
    result: Cells = (chosen * used[used > 0]).sum(axis=-1) / used.sum()
    return result

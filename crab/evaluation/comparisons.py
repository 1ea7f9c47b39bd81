"""When several differences are looked at: how unlikely each is by chance, and what is left after asking many times.

Intervals say how large a difference is. A table of many of them is read for the largest, so that its claims need p
values that are adjusted for their number (Holm 1979, Scandinavian Journal of Statistics 6:65).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crab.core import randomness
from crab.evaluation.intervals import DIGITS, Bootstrap, Interval

_BATCH_NUMBERS = 4_000_000
"""Numbers that one batch of resamples holds; bounds memory."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of a table of differences."""

    name: str
    difference: Interval
    p: float
    """By chance alone, two-sided."""
    adjusted: float
    """After Holm: below 1 - confidence, the difference may be claimed beside all others of the table."""
    claimed: bool


def table(pairs: Mapping[str, Sequence[float]], bootstrap: Bootstrap) -> list[Comparison]:
    """Compare paired differences with zero, all together.

    Args:
        pairs: Row of the table -> per prompt (or per seed) the first one's score minus the second's.
        bootstrap: How intervals and p values are made; its confidence is that of the whole table's claims.
    """
    p_values = [sign_flips(name, values, bootstrap) for name, values in pairs.items()]
    return [
        Comparison(name, bootstrap.mean(name, values), p, adjusted, adjusted <= 1 - bootstrap.confidence)
        for (name, values), p, adjusted in zip(pairs.items(), p_values, holm(p_values), strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """P values that hold together: claiming all below a level is wrong no more often than that level, in all.

    Raises:
        ValueError: A p value is not between 0 and 1.
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise ValueError("a p value lies between 0 and 1")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def sign_flips(name: str, differences: Sequence[float], bootstrap: Bootstrap) -> float:
    """How often a mean at least as far from zero would come about if the sign of each difference were chance.

    A paired permutation test with `bootstrap.samples` draws, the observed one counted among them, so never 0.
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[values != 0]  # a zero has no sign to flip
    if not len(values):
        return 1.0
    observed = abs(values.sum()) * (1 - 1e-12)
    rng = np.random.default_rng(randomness.rng(bootstrap.random_seed, "sign flips", name).getrandbits(128))
    extreme, left = 1, bootstrap.samples
    while left:
        rows = min(left, max(1, _BATCH_NUMBERS // len(values)))
        flipped = rng.integers(0, 2, (rows, len(values)), dtype=np.int8) * 2.0 - 1
        extreme += int((np.abs(flipped @ values) >= observed).sum())
        left -= rows
    return round(extreme / (bootstrap.samples + 1), DIGITS)


def over_seeds(
    name: str, first: Sequence[Sequence[float]], second: Sequence[Sequence[float]], bootstrap: Bootstrap
) -> Interval:
    """Mean difference of two settings, each run with the same random seeds on the same prompts.

    Seeds and prompts are drawn anew, independently of each other, because both are samples: an interval over prompts
    alone is that of these very models. Few seeds make a bootstrap too narrow; below five, `t_interval` of the seeds'
    means is the safer one.

    Args:
        name: What is estimated; picks the random numbers.
        first: Per seed (row) and prompt (column), one setting's scores.
        second: The other's, in the same order.
        bootstrap: Random seed, samples and confidence.

    Returns:
        n counts seeds; both ends are None below two seeds or two prompts.

    Raises:
        ValueError: The two are not of one shape, or empty.
    """
    apart = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    if apart.ndim != 2 or not apart.size:
        raise ValueError(f"{name}: needs one row per seed and one column per prompt")
    seeds, prompts = apart.shape
    mean = round(float(apart.mean()), DIGITS)
    if seeds < 2 or prompts < 2:
        return Interval(mean, None, None, seeds)
    rng = np.random.default_rng(randomness.rng(bootstrap.random_seed, "over seeds", name).getrandbits(128))
    means = np.empty(bootstrap.samples)
    for sample in range(bootstrap.samples):
        rows = np.bincount(rng.integers(0, seeds, seeds), minlength=seeds)
        columns = np.bincount(rng.integers(0, prompts, prompts), minlength=prompts)
        means[sample] = rows @ apart @ columns / apart.size
    low, high = np.quantile(means, [(1 - bootstrap.confidence) / 2, (1 + bootstrap.confidence) / 2])
    return Interval(mean, round(float(low), DIGITS), round(float(high), DIGITS), seeds)

"""FollowBench's numbers from verdicts: HSR, SSR and CSL, and the averages that are published under one name.

HSR is the share of items with every constraint met, SSR the mean share of constraints met (a rule decides on an item as
a whole and gives both the same), CSL the mean number of levels passed in a row from level 1. An item without a verdict
(a judgement that cannot be read, or no judge) is in no score; it is counted.

Averages: `average` is the paper's, the mean over the six categories at each level, then over levels; `aggregator` is
the repository's `aggregator.py`, levels weighted by their number, without `example`; `by_item` weighs items alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from crab.evaluation import strata
from crab.evaluation.followbench.items import CATEGORIES, LEVELS
from crab.evaluation.intervals import DIGITS, Bootstrap, Interval, power_multiple
from crab.evaluation.strata import Stratum

_AGGREGATED = tuple(category for category in CATEGORIES if category != "example")
"""Categories whose result files the repository's aggregator finds."""
_SPANS: dict[str, tuple[int, ...]] = {
    **{f"L{level}": (level,) for level in LEVELS},
    "L1-L2": (1, 2),
    "L3-L5": (3, 4, 5),
}
"""Levels that tables show together; the seeds' table has L1-L2, L3-L5 and the average."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One model's response to one item, with its verdict and the reason."""

    model: str
    id: str
    response: str
    finished: bool
    error: str | None
    category: str
    chain: int
    level: int
    by: Literal["rule", "judge", "none"]
    """Who decided: a program, the judge, or nobody, as there was nothing to judge or no judge."""
    met: tuple[bool, ...] | None
    """One per constraint that the judge decided, one for all of a rule; None: no verdict."""
    fixed: bool | None
    """What the rule says where its known fault is repaired; None for judged items."""
    reason: str
    """Why it is not met, or why there is no verdict."""
    judgement: str
    """All that the judge said."""
    words: int

    @property
    def hard(self) -> float:
        return float("nan") if self.met is None else float(all(self.met))

    @property
    def soft(self) -> float:
        return float("nan") if self.met is None else sum(self.met) / len(self.met)


Measure = Callable[[Scored], float]


def of_model(name: str, scored: Sequence[Scored], bootstrap: Bootstrap) -> dict[str, Any]:
    """All numbers of one model; one that needs an item without any verdict in its cell is left out."""
    result: dict[str, Any] = {}
    for metric, measure in _MEASURES.items():
        cells = _strata(scored, measure)
        found: dict[str, Interval | None] = {
            key: strata.mean(bootstrap, f"{name}/{metric}/{key}", cells, _weights(levels))
            for key, levels in _SPANS.items()
        }
        found["average"] = strata.mean(bootstrap, f"{name}/{metric}/average", cells, _weights(LEVELS))
        some = [stratum for stratum in cells if stratum.name in _AGGREGATED]
        whole = len(some) == len(_AGGREGATED)
        weights = [float(level) for level in LEVELS]
        found["aggregator"] = strata.mean(bootstrap, f"{name}/{metric}/aggregator", some, weights) if whole else None
        result[metric] = _known(found)
        if by_item := _by_item(f"{name}/{metric}/by_item", scored, measure, bootstrap):
            result[metric]["by_item"] = by_item
    lengths = _chain_lengths(scored)
    result["csl"] = _known(
        {one.name: strata.mean(bootstrap, f"{name}/csl/{one.name}", [one], [1.0]) for one in lengths}
        | {"average": strata.mean(bootstrap, f"{name}/csl", lengths, [1.0])}
    )
    result["rule"] = _rules(name, scored, bootstrap)
    result["judge"] = judged(scored)
    return result


def judged(scored: Sequence[Scored]) -> dict[str, Any]:
    """How many verdicts the judge gave, and how many items are without one, by reason: apart from every score."""
    failures = Counter(line.reason for line in scored if line.met is None)
    return {
        "verdicts": sum(line.by == "judge" and line.met is not None for line in scored),
        "failures": sum(failures.values()),
        "reasons": dict(sorted(failures.items())),
    }


def differences(
    first: Sequence[Scored], second: Sequence[Scored], name: str, bootstrap: Bootstrap
) -> dict[str, dict[str, Any]]:
    """The first model's averages minus the second's on the items that both have a verdict on, by whole chains."""
    result: dict[str, dict[str, Any]] = {}
    for metric, measure in _MEASURES.items():
        pairs = zip(_strata(first, measure), _strata(second, measure), strict=True)
        apart = [Stratum(one.name, one.scores - other.scores) for one, other in pairs]
        interval = strata.mean(bootstrap, f"{name}/{metric}", apart, _weights(LEVELS))
        if interval is None:
            continue
        error = strata.standard_error(apart, _weights(LEVELS))
        detectable = round(power_multiple(bootstrap.confidence) * error, DIGITS) if error else None
        result[f"{metric}/average"] = asdict(interval) | {"detectable": detectable}
    return result


def of_category(name: str, scored: Sequence[Scored], category: str, bootstrap: Bootstrap) -> Interval | None:
    """HSR of one category, mean over levels; None where a level has no verdict."""
    cells = [one for one in _strata(scored, _MEASURES["hsr"]) if one.name == category]
    return strata.mean(bootstrap, f"{name}/category/{category}", cells, _weights(LEVELS))


def of_level(name: str, scored: Sequence[Scored], level: int, bootstrap: Bootstrap) -> Interval | None:
    """HSR of one level, mean over categories; None where a category has no verdict."""
    return strata.mean(bootstrap, f"{name}/level/{level}", _strata(scored, _MEASURES["hsr"]), _weights((level,)))


def csl(levels: Sequence[float]) -> float:
    """Levels passed in a row from the first; NaN where a level without a verdict leaves it open."""
    for count, passed in enumerate(levels):
        if np.isnan(passed):
            return float("nan")
        if passed < 1:
            return float(count)
    return float(len(levels))


def _strata(scored: Sequence[Scored], measure: Measure) -> list[Stratum]:
    cells: dict[str, dict[int, dict[int, float]]] = {}
    for line in scored:
        cells.setdefault(line.category, {}).setdefault(line.chain, {})[line.level] = measure(line)
    return [
        Stratum(
            category,
            np.array(
                [[chain.get(level, float("nan")) for level in LEVELS] for _, chain in sorted(cells[category].items())]
            ),
        )
        for category in CATEGORIES
        if category in cells
    ]


def _chain_lengths(scored: Sequence[Scored]) -> list[Stratum]:
    return [
        Stratum(stratum.name, np.array([[csl(chain.tolist())] for chain in stratum.scores]))
        for stratum in _strata(scored, _MEASURES["hsr"])
    ]


def _rules(name: str, scored: Sequence[Scored], bootstrap: Bootstrap) -> dict[str, Any]:
    """HSR of the items that a program decides, official and fixed, each item alike."""
    lines = [line for line in scored if line.by == "rule"]
    result: dict[str, Any] = {"items": len(lines)}
    if lines:
        official = _by_item(f"{name}/rule", lines, _MEASURES["hsr"], bootstrap)
        fixed = _by_item(f"{name}/rule/fixed", lines, lambda line: float(bool(line.fixed)), bootstrap)
        result |= {"hsr": official, "hsr_fixed": fixed}
        result["changed"] = sum(line.met is not None and all(line.met) != line.fixed for line in lines)
    return result


def _by_item(name: str, scored: Sequence[Scored], measure: Measure, bootstrap: Bootstrap) -> dict[str, Any] | None:
    """Every item alike, resampled by chains."""
    chains: dict[tuple[str, int], list[float]] = {}
    for line in scored:
        value = measure(line)
        if not np.isnan(value):
            chains.setdefault((line.category, line.chain), []).append(value)
    if not chains:
        return None
    met = [sum(values) for values in chains.values()]
    return asdict(bootstrap.ratio(name, met, [float(len(values)) for values in chains.values()]))


def _weights(levels: Sequence[int]) -> list[float]:
    return [float(level in levels) for level in LEVELS]


def _known(found: Mapping[str, Interval | None]) -> dict[str, Any]:
    return {key: asdict(interval) for key, interval in found.items() if interval is not None}


_MEASURES: dict[str, Measure] = {"hsr": lambda line: line.hard, "ssr": lambda line: line.soft}

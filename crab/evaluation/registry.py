"""The benchmarks by name: one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from crab.config.compute import ComputeConfig
from crab.config.evaluation import EvalConfig
from crab.evaluation.benchmark import Benchmark
from crab.evaluation.followbench.benchmark import FollowBench
from crab.evaluation.heldout import Heldout
from crab.evaluation.ifbench.benchmark import IFBench
from crab.evaluation.ifeval.benchmark import IFEval
from crab.evaluation.reverse import Reverse

Section = TypeVar("Section")

_BENCHMARKS: dict[str, Callable[[EvalConfig, ComputeConfig], Benchmark[Any, Any]]] = {
    "heldout": lambda config, _: Heldout(config.split, config.limit),
    "unseen": lambda config, _: Heldout(config.split, config.limit, unseen=True),
    "ifeval": lambda config, _: IFEval(_own(config.ifeval), config.limit),
    "ifbench": lambda config, _: IFBench(_own(config.ifbench), config.limit),
    "followbench": lambda config, compute: FollowBench(_own(config.followbench), compute, config.limit),
    "reverse": lambda config, _: Reverse(_own(config.reverse), config.split),
}
"""Name -> what makes it from section `eval`; `compute` is for those that run a judge."""


def open_benchmark(name: str, config: EvalConfig, compute: ComputeConfig) -> Benchmark[Any, Any]:
    """The benchmark of that name, as section `eval` sets it up. Nothing is loaded yet."""
    return _BENCHMARKS[name](config, compute)


def _own(section: Section | None) -> Section:
    assert section is not None  # the section's validator saw to it
    return section

"""What a training run logs while it goes: each loss apart, what it read, how fast, and what it held."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crab.core.records import PreferencePair, TrainingRow
from crab.training import dpo, runtime, sft

Rows = Callable[..., list[TrainingRow]]
COST = {"tokens_per_second", "memory_gb"}


def test_sft(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    config = setup(sft__batch_size=4)
    forward, reverse = (
        sft.prepare(base, rows(count, task), config.sft, config.model).rows
        for count, task in ((40, "forward"), (20, "reverse"))
    )
    points: list[dict[str, float]] = []
    result = sft.train(
        base, forward, reverse, config.sft, config.model, config.compute, tmp_path, 1e6, tmp_path / "model",
        lambda step, values: points.append(dict(values)),
    )  # fmt: skip
    own = {"loss", "grad_norm", "learning_rate", "forward_loss", "reverse_loss", "forward_tokens", "reverse_tokens"}
    assert all(point.keys() >= own | COST for point in points)
    assert len(points) == result["steps"] == 10
    for task, part in (("forward", forward), ("reverse", reverse)):
        assert sum(point[f"{task}_tokens"] for point in points) == sum(row.completion_tokens for row in part)
        weighted = sum(point[f"{task}_loss"] * point[f"{task}_tokens"] for point in points)
        assert weighted / result[f"{task}_completion_tokens"] == pytest.approx(result[f"{task}_loss"])
    check_cost(points)
    assert not COST & result.keys()


def test_dpo(base: Path, pairs: list[PreferencePair], setup: Any, tmp_path: Path) -> None:
    config = setup()
    points: list[dict[str, float]] = []
    result = dpo.train(
        base, dpo.prepare(base, pairs, config.dpo, config.model).rows, config.dpo, config.model, config.compute,
        tmp_path, 1e6, tmp_path / "model", lambda step, values: points.append(dict(values)),
    )  # fmt: skip
    own = {"loss", "grad_norm", "learning_rate", "num_tokens", "rewards/margins", "rewards/accuracies"}
    assert all(point.keys() >= own | COST for point in points)
    check_cost(points)
    assert not COST & result.keys()


def check_cost(points: list[dict[str, float]]) -> None:
    held = [point["memory_gb"] for point in points]
    assert held == sorted(held), "the most so far"
    assert 0.1 < held[-1] <= runtime.peak_memory_gb("cpu") < 100
    assert all(10 < point["tokens_per_second"] < 1e7 for point in points)

"""The table of pairs left out for evaluation prompts."""

from __future__ import annotations

from rich.console import Console

from crab.report import contamination


def test_a_row_per_benchmark_and_the_pairs_once() -> None:
    seed = {"read": 1000, "overlap": {"ifeval": 0, "followbench": 12}, "rejected": {"evaluation prompt": 12}}
    table = contamination.removed(seed)
    assert table is not None
    console = Console(width=100)
    with console.capture() as shown:
        console.print(table)
    lines = shown.get().splitlines()
    assert any("followbench" in line and "12" in line and "1.20%" in line for line in lines)
    assert any("ifeval" in line and "0.00%" in line for line in lines)
    assert any("any of them" in line and "12" in line for line in lines)


def test_nothing_was_looked_for() -> None:
    assert contamination.removed({"read": 9, "overlap": {}}) is None

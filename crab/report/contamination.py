"""How many training pairs were left out because they overlap with evaluation prompts, by benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def removed(seed: Mapping[str, Any]) -> Table | None:
    """A row per benchmark that was looked for; None where none was.

    Args:
        seed: The seed stage's metrics, `results/seed.json`. A pair that overlaps with two benchmarks is in both rows,
            and once in the last one.
    """
    overlap: Mapping[str, int] = seed.get("overlap") or {}
    if not overlap:
        return None
    table = Table(title="pairs left out because they overlap with evaluation prompts", title_justify="left")
    table.add_column("benchmark")
    table.add_column("pairs", justify="right")
    table.add_column("of those read", justify="right")
    rows = [*sorted(overlap.items()), ("any of them", seed.get("rejected", {}).get("evaluation prompt", 0))]
    for name, count in rows:
        table.add_row(name, str(count), f"{count / seed['read']:.2%}" if seed.get("read") else "-")
    return table

"""How many tokens a second our training loops read, beside a bare PyTorch loop and stock TRL.

    OMP_NUM_THREADS=1 python -m benchmarks.training_throughput --size tiny --task sft
    OMP_NUM_THREADS=1 python -m benchmarks.training_throughput --size 10m --task dpo

What the three do is told in `training_sides`; that ours and the bare loop do the same work is checked by their losses.
Each trains in a process of its own and is stopped after a few steps until the others have had theirs: a round is one
turn of each, and a ratio compares two turns of one round, by the clock and by the processor's time. On a shared machine
the second is the one to read. Tokens are real ones: padding counts as nothing.

`tiny` is the default model with the built-in world's rows; `10m` is a Llama of 10M parameters with real responses
(`../shared/data` beside the checkout, or `CRAB_SHARED_DATA`), or without them with synthetic lengths like theirs.
"""

from __future__ import annotations

import argparse
import statistics

from transformers.utils import logging

from benchmarks import training_sides
from benchmarks.training_material import SIZES, Given, gather
from benchmarks.turns import Block, rate, ratios, run, spread

CLOCKS = ("wall", "cpu")
ASKED = {"10m": 0.85}
"""Least share of the bare loop's tokens a second, by the processor's time, that is asked for."""


def described(given: Given) -> str:
    """Model and rows in a line."""
    rows = len(given.forward), len(given.reverse)
    lengths = sorted(len(row.tokens) for row in [*given.forward, *given.reverse])
    parameters = sum(parameter.numel() for parameter in given.policy().parameters())
    low, high = lengths[len(lengths) // 10], lengths[-(len(lengths) // 10) - 1]
    return (
        f"{parameters:,} parameters; {given.source}: {rows[0]} forward and {rows[1]} reverse rows "
        f"of {statistics.median(lengths):.0f} tokens (10 to 90 %: {low} to {high}), {len(given.pairs)} pairs"
    )


def table(blocks: dict[str, list[Block]]) -> str:
    """Tokens a second, and ratios to the bare loop on rows that lie alike: median, and least to most of the rounds."""
    lines = ["| loop | tokens/s | tokens/CPU s | beside bare | beside bare, CPU |", "|---|--:|--:|--:|--:|"]
    for name, own in blocks.items():
        rates = [f"{statistics.median(rate(block, clock) for block in own):,.0f}" for clock in CLOCKS]
        beside = [spread(ratios(own, blocks[_bare(name)], clock)) for clock in CLOCKS]
        lines.append(f"| {' | '.join([name, *rates, *beside])} |")
    return "\n".join(lines)


def different(blocks: dict[str, list[Block]]) -> float:
    """Largest relative difference between the losses of our loop and of the bare one."""
    both = [
        pair
        for name in blocks
        if name.startswith("ours")
        for pair in zip(blocks[name], blocks[_bare(name)], strict=True)
    ]
    return max(abs((own.loss or 0) - (bare.loss or 0)) / abs(bare.loss or 1) for own, bare in both)


def _bare(name: str) -> str:
    return f"bare {name.split()[1]}"


def main() -> None:
    """Print the table; fails where ours is slower than asked or does other work than the bare loop."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="tiny")
    parser.add_argument("--task", choices=("sft", "dpo"), default="sft")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    size = SIZES[chosen.size]
    given = gather(size)
    loops = training_sides.sft if chosen.task == "sft" else training_sides.dpo
    blocks = run(loops(given, size, chosen.rounds + 1), chosen.rounds)
    print(f"{chosen.task}, {described(given)}; {chosen.rounds} rounds, {training_sides.COMPUTE.threads} thread(s)")
    print(table(blocks))
    if chosen.task == "sft":
        beside = (
            f"{spread(ratios(blocks['ours packed'], blocks['ours padded'], clock))} ({clock})" for clock in CLOCKS
        )
        print("ours, packed beside padded:", ", ".join(beside))
    if (difference := different(blocks)) > 1e-3:
        raise SystemExit(f"the losses of ours and of the bare loop differ by {difference:.1%}: not the same work")
    reached = statistics.median(ratios(blocks["ours padded"], blocks["bare padded"], "cpu"))
    if reached < ASKED.get(chosen.size, 0):
        raise SystemExit(f"ours reads {reached:.0%} of the bare loop's tokens; asked: {ASKED[chosen.size]:.0%}")


if __name__ == "__main__":
    main()

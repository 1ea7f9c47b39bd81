"""Take in pairs of instruction and good response: filter them, drop duplicates, split by instruction.

Reads  params.yaml [seed], and what it names: nothing (the built-in world), files, or a data set of the hub
Writes data/seed/{train,dev,heldout,rejected}.jsonl, results/seed.json
"""

from __future__ import annotations

from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.seed import SeedConfig
from crab.core import io
from crab.data import selection

OUTPUT = Path("data/seed")


def main() -> None:
    with tracking.start("seed") as run:
        config = section.load("seed", SeedConfig)
        selected = selection.select(selection.candidates(config), config)
        for split, seeds in selected.kept.items():
            io.write(OUTPUT / f"{split}.jsonl", seeds)
        io.write(OUTPUT / "rejected.jsonl", selected.rejected)
        io.write_json(Path("results/seed.json"), selected.metrics)
        run.log(selected.metrics)


if __name__ == "__main__":
    main()

"""Find the constraints that each response already meets.

Reads  data/seed/{train,dev,heldout}.jsonl, params.yaml [teacher, backtranslate]
Writes data/backtranslated/{train,dev,heldout,rejected}.jsonl, results/backtranslate.json
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.backtranslate import BacktranslateConfig
from crab.config.teacher import TeacherConfig
from crab.core import io, work
from crab.core.records import Example, Rejected, Seed
from crab.synthesis import backtranslate, counts

SPLITS = ("train", "dev", "heldout")
SEEDS = Path("data/seed")
OUTPUT = Path("data/backtranslated")


def main() -> None:
    with tracking.start("backtranslate") as run:
        config = section.load("backtranslate", BacktranslateConfig)
        teacher = section.load("teacher", TeacherConfig)

        def derive(seeds: Sequence[Seed]) -> list[Example]:
            return [backtranslate.by_rules(seed, config.random_seed, teacher.max_phrasings) for seed in seeds]

        rejected: list[Rejected] = []
        kept: dict[str, list[Example]] = {}
        with work.folder("backtranslate") as place:
            for split in SPLITS:
                seeds = io.read(SEEDS / f"{split}.jsonl", Seed)
                examples = list(work.sharded(place, split, seeds, derive, Example, shard_size=500))
                rejected += [line for example in examples if (line := backtranslate.without_constraints(example))]
                kept[split] = [example for example in examples if example.constraints]
                io.write(OUTPUT / f"{split}.jsonl", kept[split])
            io.write(OUTPUT / "rejected.jsonl", rejected)
        metrics = counts.of_examples(kept, rejected)
        io.write_json(Path("results/backtranslate.json"), metrics)
        run.log(metrics)


if __name__ == "__main__":
    main()

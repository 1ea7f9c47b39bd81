"""Find the constraints that each response already meets.

Reads  data/seed/{train,dev,heldout}.jsonl, params.yaml [teacher, backtranslate, compute]
Writes data/backtranslated/{train,dev,heldout,rejected}.jsonl, results/backtranslate.json
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.backtranslate import BacktranslateConfig
from crab.config.compute import ComputeConfig
from crab.config.launch import LaunchConfig
from crab.config.teacher import TeacherConfig
from crab.core import gpus, io, work
from crab.core.records import Seed
from crab.synthesis.backtranslate import Backtranslated, backtranslate, model_of, require_some, without_constraints
from crab.synthesis.counts import Tally
from crab.synthesis.proposed import Proposed

SPLITS = ("train", "dev", "heldout")
SEEDS = Path("data/seed")
OUTPUT = Path("data/backtranslated")


def main() -> None:
    with tracking.start("backtranslate") as run:
        config = section.load("backtranslate", BacktranslateConfig)
        teacher = section.load("teacher", TeacherConfig)
        compute = section.load("compute", ComputeConfig)
        launch = section.load("launch", LaunchConfig)
        if teacher.service is not None:
            gpus.claim(compute.device, teacher.service.engine.gpus)
        tally, proposed = Tally(SPLITS), Proposed()
        with (
            work.folder("backtranslate") as place,
            model_of(teacher, compute) as asker,
            io.writing(OUTPUT / "rejected.jsonl") as reject,
        ):
            derive = partial(backtranslate, teacher=teacher, random_seed=config.random_seed, asker=asker)
            # A model is asked from this process, which knows its cache and its budget; rules run on every core.
            workers = work.processes(launch.workers) if asker is None else 1
            cluster = launch.cluster if asker is None else None
            for split in SPLITS:
                seeds = io.Stored(SEEDS / f"{split}.jsonl", Seed)
                with io.writing(OUTPUT / f"{split}.jsonl") as keep:
                    for found in work.sharded(place, split, seeds, derive, Backtranslated, 500, workers, cluster):
                        if asker is not None:
                            asker.budget.settle(found.calls)
                        proposed.add(found)
                        dropped = without_constraints(found.example)
                        for line in (*found.rejected, *filter(None, [dropped])):
                            reject(line)
                            tally.reject(line)
                        if dropped is None:
                            keep(found.example)
                            tally.keep(split, found.example)
        metrics = tally.metrics()
        if asker is not None and teacher.llm is not None:
            metrics["teacher"] = proposed.summary(teacher.llm.prices)
            run.log({"asking": asker.spent})
        io.write_json(Path("results/backtranslate.json"), metrics)
        run.log(metrics)
        require_some(metrics)


if __name__ == "__main__":
    main()

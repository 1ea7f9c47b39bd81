"""Train the SFT model on preferences that the checkers certify, or on what preferences have to beat.

Reads  data/verified/train.jsonl, models/sft, params.yaml [dpo, mix, unseen, model, compute]
Writes data/preferences.jsonl (pairs, prompts or rows: what dpo.algorithm trains on),
       data/preferences_rejected.jsonl, models/dpo, results/dpo.json
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.engine import EngineConfig
from crab.config.launch import LaunchConfig
from crab.config.mix import MixConfig
from crab.config.model import ModelConfig
from crab.config.unseen import UnseenConfig
from crab.core import gpus, io, work
from crab.core.records import Example
from crab.data import families
from crab.engines.base import open_engine
from crab.training import hardware, launch
from crab.training.algorithms import ALGORITHMS
from crab.training.material import Material

VERIFIED = Path("data/verified/train.jsonl")
POLICY = Path("models/sft")
OUTPUT = Path("models/dpo")


def main() -> None:
    with tracking.start("dpo", live=True) as run, work.folder("dpo") as place:
        config = section.load("dpo", DpoConfig)
        model = section.load("model", ModelConfig)
        compute = section.load("compute", ComputeConfig)
        launching = section.load("launch", LaunchConfig)
        mix, engine = section.load("mix", MixConfig), section.load("engine", EngineConfig)
        gpus.claim(compute.device, max(launching.processes, engine.gpus))
        hardware.require(model, compute, "training", launching.sharing)

        def examples() -> list[Example]:
            return families.seen(io.read(VERIFIED, Example), section.load("unseen", UnseenConfig))

        algorithm = ALGORITHMS[config.algorithm]
        open_sampler = partial(open_engine, engine, POLICY, compute)
        records, rejected = algorithm.make(Material(config, mix, examples, open_sampler, place))
        prepared = algorithm.prepare(POLICY, records, config, model)
        rejected += prepared.rejected
        io.write(Path("data/preferences.jsonl"), records)
        io.write(Path("data/preferences_rejected.jsonl"), rejected)

        train = partial(
            algorithm.train, POLICY, prepared.rows, config, model, compute, place, launching.save_seconds, OUTPUT,
            run.log_step,
        )  # fmt: skip
        found = launch.train("dpo", launching, place, run.log_step, train)
        metrics = {"algorithm": config.algorithm, **found, "rejected": len(rejected), "cut_rows": prepared.cut}
        io.write_json(Path("results/dpo.json"), metrics)
        run.log(metrics)


if __name__ == "__main__":
    main()

"""Prepare the base model: build and pre-train a tiny one, or name one on the hub.

Reads  data/seed/train.jsonl, params.yaml [base, model, compute]
Writes models/base, results/base.json
"""

from __future__ import annotations

from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.base import BaseConfig
from crab.config.compute import ComputeConfig
from crab.config.launch import LaunchConfig
from crab.config.model import ModelConfig
from crab.core import gpus, io, work
from crab.core.records import Seed
from crab.training import base

SEEDS = Path("data/seed/train.jsonl")
OUTPUT = Path("models/base")


def main() -> None:
    with tracking.start("base", live=True) as run:
        config = section.load("base", BaseConfig)
        model = section.load("model", ModelConfig)
        compute = section.load("compute", ComputeConfig)
        launch = section.load("launch", LaunchConfig)
        if model.base.source == "hub":
            metrics = base.point_to_hub(model, compute, OUTPUT, launch.sharing)
        else:
            gpus.claim(compute.device, 1)
            with work.folder("base") as place:
                metrics = base.build(
                    io.read(SEEDS, Seed), config, model, compute, place, launch.save_seconds, OUTPUT, run.log_step
                )
        io.write_json(Path("results/base.json"), metrics)
        run.log(metrics)


if __name__ == "__main__":
    main()

"""Mix the verified constraints into training rows, and train on L = w L_forward + alpha L_reverse.

Reads  data/verified/train.jsonl, models/base or the checkpoint that sft.start names,
       params.yaml [mix, general, unseen, sft, model, compute]
Writes data/crab/{forward,reverse,general,rejected}.jsonl, models/sft, results/sft.json
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from crab import tracking
from crab.config import section
from crab.config.compute import ComputeConfig
from crab.config.general import GeneralConfig
from crab.config.launch import LaunchConfig
from crab.config.mix import MixConfig
from crab.config.model import ModelConfig
from crab.config.sft import SftConfig
from crab.config.unseen import UnseenConfig
from crab.core import gpus, io, work
from crab.core.records import Example
from crab.data import families, general
from crab.data import mix as mixing
from crab.training import hardware, launch, sft, start

VERIFIED = Path("data/verified/train.jsonl")
ROWS = Path("data/crab")
OUTPUT = Path("models/sft")


def main() -> None:
    with tracking.start("sft", live=True) as run:
        config = section.load("sft", SftConfig)
        mix = section.load("mix", MixConfig)
        model = section.load("model", ModelConfig)
        compute = section.load("compute", ComputeConfig)
        launching = section.load("launch", LaunchConfig)
        policy = start.require(config, model)
        gpus.claim(compute.device, launching.processes)
        hardware.require(model, compute, "training", launching.sharing)

        examples = families.seen(io.read(VERIFIED, Example), section.load("unseen", UnseenConfig))
        mixed = mixing.build(examples, mix)
        conversations, unusable = general.read(section.load("general", GeneralConfig))
        forward = sft.prepare(policy, [*mixed.forward, *conversations], config, model)
        reverse = sft.prepare(policy, mixed.reverse, config, model)
        rejected = [*mixed.rejected, *unusable, *forward.rejected, *reverse.rejected]
        io.write(ROWS / "forward.jsonl", mixed.forward)
        io.write(ROWS / "reverse.jsonl", mixed.reverse)
        io.write(ROWS / "general.jsonl", conversations)
        io.write(ROWS / "rejected.jsonl", rejected)

        with work.folder("sft") as place:
            train = partial(
                sft.train, policy, forward.rows, reverse.rows, config, model, compute, place, launching.save_seconds,
                OUTPUT, run.log_step,
            )  # fmt: skip
            if config.epochs:
                metrics = launch.train("sft", launching, place, run.log_step, train)
            else:
                metrics = start.pass_on(config, OUTPUT)
        results: dict[str, Any] = metrics | {
            "general_rows": len(conversations),
            "rejected_rows": len(rejected),
            "cut_rows": forward.cut + reverse.cut,
            "numbers": asdict(mixed.numbers),
        }
        io.write_json(Path("results/sft.json"), results | start.origin(config))
        run.log(results)


if __name__ == "__main__":
    main()

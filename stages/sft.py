"""Mix the verified constraints into training rows, and train on L = w L_forward + alpha L_reverse.

Reads  data/verified/train.jsonl, models/base, params.yaml [mix, general, unseen, sft, model, compute]
Writes data/crab/{forward,reverse,general,rejected}.jsonl, models/sft, results/sft.json
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.compute import ComputeConfig
from crab.config.general import GeneralConfig
from crab.config.launch import LaunchConfig
from crab.config.mix import MixConfig
from crab.config.model import ModelConfig
from crab.config.sft import SftConfig
from crab.config.unseen import UnseenConfig
from crab.core import io, work
from crab.core.records import Example
from crab.data import families, general
from crab.data import mix as mixing
from crab.training import hardware, launch, sft

VERIFIED = Path("data/verified/train.jsonl")
BASE = Path("models/base")
ROWS = Path("data/crab")
OUTPUT = Path("models/sft")


def main() -> None:
    with tracking.start("sft", live=True) as run:
        config = section.load("sft", SftConfig)
        mix = section.load("mix", MixConfig)
        model = section.load("model", ModelConfig)
        compute = section.load("compute", ComputeConfig)
        launching = section.load("launch", LaunchConfig)
        hardware.require(model, compute, "training", launching.sharing)

        examples = families.seen(io.read(VERIFIED, Example), section.load("unseen", UnseenConfig))
        mixed = mixing.build(examples, mix)
        conversations, unusable = general.read(section.load("general", GeneralConfig))
        forward = sft.prepare(BASE, [*mixed.forward, *conversations], config, model)
        reverse = sft.prepare(BASE, mixed.reverse, config, model)
        rejected = [*mixed.rejected, *unusable, *forward.rejected, *reverse.rejected]
        io.write(ROWS / "forward.jsonl", mixed.forward)
        io.write(ROWS / "reverse.jsonl", mixed.reverse)
        io.write(ROWS / "general.jsonl", conversations)
        io.write(ROWS / "rejected.jsonl", rejected)

        with work.folder("sft") as place:
            train = partial(
                sft.train, BASE, forward.rows, reverse.rows, config, model, compute, place, launching.save_seconds,
                OUTPUT, run.log_step,
            )  # fmt: skip
            metrics = launch.train("sft", launching, place, run.log_step, train)
        metrics |= {
            "general_rows": len(conversations),
            "rejected_rows": len(rejected),
            "cut_rows": forward.cut + reverse.cut,
        }
        io.write_json(Path("results/sft.json"), metrics)
        run.log(metrics)


if __name__ == "__main__":
    main()

"""Make preference pairs that the checkers certify, and train the SFT model on them.

Reads  data/verified/train.jsonl, models/sft, params.yaml [dpo, mix, unseen, model, compute]
Writes data/preferences.jsonl, data/preferences_rejected.jsonl, models/dpo, results/dpo.json
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
from crab.core import io, work
from crab.core.records import Example
from crab.data import families, preference_rows, preferences
from crab.data.preference_prompts import PromptWriter
from crab.data.preferences import PreferencePrompt
from crab.engines.base import open_engine
from crab.training import dpo, hardware, launch
from crab.training.sampling import sample

VERIFIED = Path("data/verified/train.jsonl")
POLICY = Path("models/sft")
OUTPUT = Path("models/dpo")


def main() -> None:
    with tracking.start("dpo", live=True) as run, work.folder("dpo") as place:
        config = section.load("dpo", DpoConfig)
        model = section.load("model", ModelConfig)
        compute = section.load("compute", ComputeConfig)
        launching = section.load("launch", LaunchConfig)
        hardware.require(model, compute, "training", launching.sharing)

        pairs, rejected = _pairs(config, compute, place)
        prepared = dpo.prepare(POLICY, pairs, config, model)
        rejected += prepared.rejected
        io.write(Path("data/preferences.jsonl"), pairs)
        io.write(Path("data/preferences_rejected.jsonl"), rejected)

        train = partial(
            dpo.train, POLICY, prepared.pairs, config, model, compute, place, launching.save_seconds, OUTPUT,
            run.log_step,
        )  # fmt: skip
        metrics = launch.train("dpo", launching, place, run.log_step, train)
        metrics |= {"rejected": len(rejected), "cut_pairs": prepared.cut}
        io.write_json(Path("results/dpo.json"), metrics)
        run.log(metrics)


def _pairs(config: DpoConfig, compute: ComputeConfig, place: Path) -> preferences.Built:
    if config.pairs is not None:
        return preference_rows.read(config.pairs, config.source, config.random_seed)
    writer = PromptWriter(section.load("mix", MixConfig), config)
    examples = writer.draw(families.seen(io.read(VERIFIED, Example), section.load("unseen", UnseenConfig)))
    if config.source == "witness":
        return preferences.from_witness(examples, writer.choose, writer.compose, config.random_seed)
    chosen = [(example, tuple(writer.choose(example))) for example in examples]
    prompts = [PreferencePrompt(e.id, writer.compose(e, constraints), constraints) for e, constraints in chosen]
    with open_engine(section.load("engine", EngineConfig), POLICY, compute) as engine:
        samples = sample(
            engine,
            prompts,
            config.samples_per_prompt,
            config.max_new_tokens,
            config.temperature,
            config.random_seed,
            place,
        )
    return preferences.from_samples(prompts, samples)


if __name__ == "__main__":
    main()

"""Speed of real training steps on a GPU: tokens a second, and the share of its peak that the model's arithmetic takes.

    python -m benchmarks.gpu_training sft --gpu H100
    python -m benchmarks.gpu_training dpo --gpu H100

A Llama of 1.2 billion parameters with random weights trains for 50 steps through the code of the stages: bf16, packed
sequences of 2,048 tokens (SFT) or pairs of up to 1,024 (DPO), no checkpoints. Rows are random tokens with lengths like
those of real answers, so nothing is downloaded, and the losses mean nothing. The first steps are not timed.

Utilisation counts 6 floating-point operations a parameter and real token (Kaplan et al. 2020, arXiv 2001.08361, and
model FLOPs utilisation as in Chowdhery et al. 2022, arXiv 2204.02311, appendix B): neither what checkpointing repeats
nor attention is counted, nor DPO's pass of the reference, which comes before the first step.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from ruamel.yaml import YAML

from crab.cli import compose
from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.model import ModelConfig
from crab.config.section import load
from crab.config.sft import SftConfig
from crab.core import gpus
from crab.training import base, runtime
from crab.training.dpo import TokenPair
from crab.training.plan import GPUS
from crab.training.tokenise import TokenRow

ROOT = Path(__file__).parents[1]
SHAPES: Final[dict[str, dict[str, Any]]] = {
    "1b": {
        "hidden_size": 2048, "num_layers": 16, "num_heads": 32, "num_kv_heads": 8, "intermediate_size": 8192,
        "vocabulary_size": 128_256, "tie_embeddings": True,
    },
    "toy": {
        "hidden_size": 64, "num_layers": 2, "num_heads": 2, "num_kv_heads": 2, "intermediate_size": 128,
        "vocabulary_size": 400, "tie_embeddings": True,
    },
}  # fmt: skip
"""As meta-llama/Llama-3.2-1B states its shape; and one that runs on any laptop, to try the script."""
MEDIAN_TOKENS, SPREAD = 350, 0.7
"""Lengths are log-normal: about what instruction data have (median of the released CRAB rows, rounded)."""


def lengths(count: int, longest: int) -> list[int]:
    """Lengths of so many rows, the same in every run."""
    drawn = np.random.default_rng(0).lognormal(np.log(MEDIAN_TOKENS), SPREAD, count)
    return [int(length) for length in drawn.clip(16, longest)]


def tokens(length: int, vocabulary: int, seed: int) -> np.ndarray:
    """Random tokens, none of them special."""
    return np.random.default_rng(seed).integers(10, vocabulary, length, dtype=np.int32)


def trained(task: str, sections: Mapping[str, Any], policy: Any, tokenizer: Any, steps: int, device: str) -> list[Any]:
    """Train for so many steps; (seconds, tokens so far) at the end of each."""
    from crab.training import objective, preference, supervised

    clock: list[Any] = []
    vocabulary, bf16 = len(tokenizer), device == "cuda"
    with tempfile.TemporaryDirectory() as place:
        if task == "dpo":
            config: Any = load("dpo", DpoConfig, dict(sections))
            count = steps * config.batch_size * config.accumulation_steps
            pairs = [
                TokenPair(*(tokens(length // 2, vocabulary, 3 * number + part).tolist() for part in range(3)))
                for number, length in enumerate(lengths(count, config.max_length))
            ]
            preference.fit(
                policy, tokenizer, pairs, config, None, bf16, device, Path(place), 1e9,
                lambda _, values: clock.append((time.monotonic(), values["num_tokens"])),
            )  # fmt: skip
            return clock
        config, capacity = load("sft", SftConfig, dict(sections)), load("model", ModelConfig, dict(sections)).max_length
        step = config.batch_size * config.accumulation_steps
        rows = [
            TokenRow(tokens(length, vocabulary, number), ((length // 2, length),))
            for number, length in enumerate(lengths(2 * steps * step * capacity // MEDIAN_TOKENS, capacity))
        ]
        packed = objective.weighted(rows, [], 1.0, 0.0, config.normalize, 0, capacity)
        [(term, units)] = packed.terms
        units = units[: steps * step]
        goal = objective.Objective([(term, units)], [sum(len(row.tokens) for row in unit) for unit in units])
        each = goal.tokens / steps
        supervised.fit(
            policy, tokenizer, goal, config, None, 0, bf16, device, Path(place), "sft", 1e9,
            lambda number, _: clock.append((time.monotonic(), each * number)), capacity,
        )  # fmt: skip
    return clock


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Run one benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["sft", "dpo"])
    parser.add_argument("--gpu", choices=GPUS, default="H100", help="whose peak is meant")
    parser.add_argument("--shape", choices=SHAPES, default="1b")
    parser.add_argument("--steps", type=int, default=50, help="at most 100: then each is logged")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--accumulation-steps", type=int, default=2)
    parser.add_argument(
        "--no-checkpointing", action="store_true", help="keep activations instead of computing them twice"
    )
    chosen = parser.parse_args(arguments)

    stage = {
        "batch_size": chosen.batch_size, "accumulation_steps": chosen.accumulation_steps,
        "gradient_checkpointing": str(not chosen.no_checkpointing).lower(), "epochs": 1,
    }  # fmt: skip
    overrides = [f"{chosen.task}.{name}={value}" for name, value in stage.items()]
    sections = YAML(typ="safe").load(compose.composed(ROOT, ["model=llama3_8b", "launch=gpu", *overrides], whole=False))
    sections["model"]["base"] |= SHAPES[chosen.shape]
    gpus.claim("auto", 1)
    device = runtime.configure(load("compute", ComputeConfig, sections))
    model = load("model", ModelConfig, sections)
    from crab.prompts.chat import templates

    tokenizer = base.build_tokenizer(["nothing to learn from"], model.base, templates.load("lines"))
    tokenizer.add_tokens([f"<{number}>" for number in range(model.base.vocabulary_size - len(tokenizer))])
    policy = base.build_model(model.base, tokenizer, 0)
    parameters = sum(parameter.numel() for parameter in policy.parameters())
    clock = trained(chosen.task, sections, policy, tokenizer, chosen.steps, device)

    (begun, before), (ended, after) = clock[len(clock) // 5], clock[-1]
    speed = (after - before) / (ended - begun)
    found = {"parameters": parameters, "steps": len(clock), "tokens_per_second": speed}
    found["memory_gb"] = runtime.peak_memory_gb(device)
    if device == "cuda":
        found["utilisation"] = 6 * parameters * speed / (GPUS[chosen.gpu].bf16_tflops * 1e12)
    print(f"{chosen.task} on {device}: " + ", ".join(f"{name} {value:,.4g}" for name, value in found.items()))
    return found


if __name__ == "__main__":
    main()

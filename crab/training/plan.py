"""What an experiment's training takes: rows, tokens, steps, memory and hours, from its configuration alone.

Compute: 6 floating-point operations a parameter and token for forward and backward pass (Kaplan et al. 2020, arXiv
2001.08361), 8 with gradient checkpointing, which repeats the forward pass (Korthikanti et al. 2022, arXiv 2205.05198);
preference training adds a forward pass for the reference. Attention itself is left out: a few per cent at 7B and 2,048
tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from crab.config.dpo import DpoConfig
from crab.config.general import GeneralConfig
from crab.config.launch import LaunchConfig
from crab.config.mix import MixConfig
from crab.config.model import ModelConfig
from crab.config.optimiser import OptimiserConfig
from crab.config.sft import SftConfig
from crab.training.hardware import training_gb

PACKING_LOSS: Final = 0.02
"""Share of a packed sequence that stays empty: best fit leaves 1 to 2 % where rows are much shorter than sequences."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU model, by its maker's data sheet."""

    memory_gb: float
    bf16_tflops: float
    """Dense matrix products."""


GPUS: Final[dict[str, Gpu]] = {
    "RTX-3090": Gpu(24, 71),
    "RTX-4090": Gpu(24, 165),
    "A10": Gpu(24, 125),
    "L4": Gpu(24, 121),
    "L40S": Gpu(48, 362),
    "A100-40GB": Gpu(40, 312),
    "A100-80GB": Gpu(80, 312),
    "H100": Gpu(80, 989),
    "H200": Gpu(141, 989),
}


@dataclass(frozen=True, slots=True)
class Phase:
    """One training stage."""

    name: str
    rows: dict[str, int]
    """Rows by task; pairs of two rows each for preferences."""
    epochs: int
    tokens: int
    """That go through the model, over all epochs, both rows of a pair, without padding."""
    sequences: int
    """What a step counts, an epoch."""
    step_sequences: int
    """Global batch: `batch_size` x `accumulation_steps`."""
    flops: float

    @property
    def steps(self) -> int:
        return math.ceil(self.sequences / self.step_sequences) * self.epochs

    def hours(self, gpu: Gpu, count: int, utilisation: float) -> float:
        """Time on several GPUs that reach a share of their bf16 peak."""
        return self.flops / (gpu.bf16_tflops * 1e12 * count * utilisation) / 3600


def sft(
    config: SftConfig, mix: MixConfig, general: GeneralConfig, model: ModelConfig, records: int | None,
    tokens_per_row: float,
) -> Phase:  # fmt: skip
    """Supervised fine-tuning.

    Args:
        config: The `sft` section.
        mix: The `mix` section.
        general: The `general` section.
        model: The `model` section.
        records: Verified training records that there are; None where nobody knows yet, so that the mix's limit counts.
        tokens_per_row: Mean length of a row.

    Raises:
        ValueError: Neither the records nor a limit is known.
    """
    known = [number for number in (mix.max_records, records) if number is not None]
    if not known:
        raise ValueError("neither mix.max_records nor the number of records is known")
    drawn = min(known)
    reverse = round(mix.reverse.share * drawn)
    rows = {
        "forward": drawn - reverse if mix.reverse.seeds == "disjoint" else drawn,
        "reverse": reverse if config.aux_weight else 0,
        "general": general.limit or 0,
    }
    if not config.forward_weight:
        rows["forward"] = rows["general"] = 0
    hosts = sum(rows.values()) if config.normalize == "tokens" else rows["forward"] + rows["general"]
    return _phase(
        "sft", rows, sum(rows.values()), hosts, tokens_per_row, model.max_length, config.packing, config, model
    )


def dpo(config: DpoConfig, model: ModelConfig, rows: int, tokens_per_row: float) -> Phase:
    """Preference training on so many pairs, samples (GRPO) or rows.

    A pass of DPO's reference over all pairs is counted in, and of GRPO's over all samples; making samples is not.
    """
    name, passes = {"dpo": ("pairs", 2 * rows), "grpo": ("samples", rows)}.get(config.algorithm, ("answers", rows))
    phase = _phase("dpo", {name: rows}, passes, rows, tokens_per_row, config.max_length, False, config, model)
    reference = 2.0 * model.about.parameters * phase.tokens
    if config.algorithm == "dpo":
        reference /= config.epochs  # computed once
    elif config.grpo is None or not config.grpo.beta:
        reference = 0.0
    return Phase(**{name: getattr(phase, name) for name in Phase.__slots__} | {"flops": phase.flops + reference})


def memory_gb(model: ModelConfig, launch: LaunchConfig) -> float:
    """Memory of each GPU."""
    return training_gb(model, launch.sharing)


def _phase(
    name: str, rows: dict[str, int], passes: int, units: int, tokens_per_row: float, max_length: int, packing: bool,
    config: OptimiserConfig, model: ModelConfig,
) -> Phase:  # fmt: skip
    tokens = passes * min(tokens_per_row, max_length)
    sequences = units
    if packing:
        sequences = math.ceil(units * min(tokens_per_row, max_length) / (max_length * (1 - PACKING_LOSS)))
    per_token = (8 if config.gradient_checkpointing else 6) * model.about.parameters
    return Phase(
        name=name,
        rows=rows,
        epochs=config.epochs,
        tokens=round(tokens * config.epochs),
        sequences=sequences,
        step_sequences=config.batch_size * config.accumulation_steps,
        flops=float(per_token) * tokens * config.epochs,
    )

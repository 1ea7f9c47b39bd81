"""How much disk a configuration asks for; pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from crab.config.model import ModelConfig

DATA_GB = 0.1
"""Data, results and records of the default run, whose cache takes 83 MB in all (README)."""
CHECKPOINT_BYTES = 12
"""A parameter's weight and its two moments in fp32; saved twice while the older one is still there."""


@dataclass(frozen=True, slots=True)
class Disk:
    """Gigabytes (10^9 bytes) by place, for a run from scratch."""

    cache: float
    """DVC's: data, and the weights that each stage leaves (the checkout holds links to them)."""
    work: float
    """`.work`: two checkpoints of the stage that trains."""
    download: float
    """The hub's cache on this machine: the base model, if it comes from there."""


def disk(model: ModelConfig) -> Disk:
    """What a model's run takes."""
    weights = model.about.parameters * (2 if model.precision == "bf16" else 4) / 1e9
    trained = 0.02 if model.lora is not None else 1.0  # adapters are a few percent of the weights
    built = model.base.source == "built"
    return Disk(
        cache=DATA_GB + (3 if built else 2) * weights,
        work=2 * CHECKPOINT_BYTES * trained * model.about.parameters / 1e9,
        download=0.0 if built else weights,
    )

"""Whether this machine can hold a model, asked before anything heavy is loaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from ruamel.yaml import YAML

from crab.config.compute import ComputeConfig
from crab.config.model import MemoryConfig, ModelConfig
from crab.core.errors import Problem, ResourceError
from crab.training import runtime

Purpose = Literal["training", "inference"]
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def require(model: ModelConfig, compute: ComputeConfig, purpose: Purpose, sharing: int = 1) -> None:
    """Stop here if the machine lacks the memory that the model's config asks for.

    Args:
        model: The `model` section.
        compute: The `compute` section.
        purpose: What the model is loaded for.
        sharing: Processes that share the weights, on a GPU each.

    Raises:
        ResourceError: With what is needed, what was found, and which choices would fit.
    """
    device = runtime.resolve(compute)
    needed = needed_gb(model.about.memory_gb, purpose, adapters=model.lora is not None)
    found = memory_gb(device, sharing)
    if needed <= found:
        return
    what = "GPU memory" if device == "cuda" else "free memory (no GPU is used)"
    choices = [f"model={name}" for name in fitting(found, purpose, Path("conf/model"))]
    if purpose == "training" and device == "cuda" and os.environ.get("WORLD_SIZE", "1") == "1" and model.lora is None:
        choices.append("several GPUs that share the weights (launch)")
    way = f"{purpose} with adapters (LoRA)" if purpose == "training" and model.lora else purpose
    raise ResourceError(
        Problem(
            f"params.yaml [model] {model.name}",
            f"{way} needs about {needed:.0f} GB, and this machine has {found:.1f} GB of {what}",
            "choose " + (" or ".join(choices) if choices else "a smaller model"),
        )
    )


def needed_gb(memory: MemoryConfig, purpose: Purpose, adapters: bool) -> float:
    """Gigabytes that a use of the model takes."""
    if purpose == "inference":
        return memory.inference
    return memory.lora if adapters else memory.full


def memory_gb(device: runtime.Device, sharing: int = 1) -> float:
    """Gigabytes that a run may use: RAM that is free and allowed, or the memory of the GPUs that share the weights."""
    if device == "cuda":
        import torch

        shared = "ACCELERATE_USE_FSDP" in os.environ or "ACCELERATE_USE_DEEPSPEED" in os.environ
        processes = int(os.environ.get("WORLD_SIZE", "1")) if shared else sharing
        return float(torch.cuda.get_device_properties(0).total_memory) * processes / 1e9

    import psutil

    free = float(psutil.virtual_memory().available)
    limit = _CGROUP_LIMIT.read_text().strip() if _CGROUP_LIMIT.exists() else "max"
    return (free if limit == "max" else min(free, float(limit))) / 1e9


def fitting(found_gb: float, purpose: Purpose, folder: Path) -> list[str]:
    """Names of the model configs that `found_gb` can hold, largest first.

    A file that only changes another one (LoRA variants) counts with the memory of the file that it changes.
    """
    sizes: dict[str, float] = {}
    for file in sorted(folder.glob("*.yaml")):
        values = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
        source = values
        if "about" not in values:
            source = YAML(typ="safe").load((folder / f"{values['defaults'][0]}.yaml").read_text(encoding="utf-8"))
        try:
            memory = MemoryConfig.model_validate(source["about"]["memory_gb"])
        except (KeyError, TypeError, ValidationError):
            continue  # a half-written config is no advice
        sizes[file.stem] = needed_gb(memory, purpose, adapters=bool(values.get("lora")))
    return sorted((name for name, size in sizes.items() if size <= found_gb), key=lambda name: (-sizes[name], name))

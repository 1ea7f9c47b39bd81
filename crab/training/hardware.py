"""Whether this machine can hold a model, asked before anything heavy is loaded."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from ruamel.yaml import YAML

from crab.config.compute import ComputeConfig
from crab.config.model import MemoryConfig, ModelConfig
from crab.core.errors import Problem, ResourceError
from crab.training import runtime

Purpose = Literal["training", "inference"]
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def require(model: ModelConfig, compute: ComputeConfig, purpose: Purpose, sharing: int = 1) -> None:
    """Stop here if the machine lacks what the model's config asks for: memory, and for 4-bit weights a GPU.

    Args:
        model: The `model` section.
        compute: The `compute` section.
        purpose: What the model is loaded for.
        sharing: Processes that will share the weights, on a GPU each; one that already does knows by itself.

    Raises:
        ResourceError: With what is needed, what was found, and which choices would fit.
    """
    device = runtime.resolve(compute)
    if purpose == "training" and (problem := _quantisation_lacks(model, device)):
        raise ResourceError(problem)
    if "ACCELERATE_USE_FSDP" in os.environ or "ACCELERATE_USE_DEEPSPEED" in os.environ:
        sharing = int(os.environ["WORLD_SIZE"])
    needed = model.about.memory_gb.inference if purpose == "inference" else training_gb(model, sharing)
    found = memory_gb(device)
    if needed <= found:
        return
    what = "GPU memory" if device == "cuda" else "free memory (no GPU is used)"
    choices = [f"model={name}" for name in fitting(found, purpose, Path("conf/model"), device)]
    if purpose == "training" and device == "cuda" and model.lora is None:
        choices.append("more GPUs that share the weights (launch)")
    kind = "QLoRA" if model.lora and model.lora.quantisation else "LoRA"
    way = f"{purpose} with adapters ({kind})" if purpose == "training" and model.lora else purpose
    each = f" on each of {sharing} GPUs" if sharing > 1 else ""
    raise ResourceError(
        Problem(
            f"params.yaml [model] {model.name}",
            f"{way} needs about {needed:.0f} GB{each}, and this machine has {found:.1f} GB of {what}",
            "choose " + (" or ".join(choices) if choices else "a smaller model"),
        )
    )


def _quantisation_lacks(model: ModelConfig, device: runtime.Device) -> Problem | None:
    if model.lora is None or model.lora.quantisation is None:
        return None
    where = f"params.yaml [model] {model.name}"
    # On a CPU bitsandbytes 0.50 computes, but gives no gradients after a pass in evaluation mode.
    if device != "cuda":
        found = f"lora.quantisation = {model.lora.quantisation} needs a GPU, and none is used"
        return Problem(where, found, "choose the model's _lora file, or another model")
    if importlib.util.find_spec("bitsandbytes") is None:
        found = f"lora.quantisation = {model.lora.quantisation}, and bitsandbytes is not installed"
        return Problem(where, found, "pip install -c versions.txt -e '.[qlora]'")
    return None


def training_gb(model: ModelConfig, sharing: int) -> float:
    """Gigabytes of each GPU in training, where so many share weights, gradients and moments, not activations."""
    needed = needed_gb(model.about.memory_gb, "training", adapters=model.lora is not None)
    shared = 0.0 if model.lora else 16e-9 * model.about.parameters
    return needed - shared * (1 - 1 / sharing)


def needed_gb(memory: MemoryConfig, purpose: Purpose, adapters: bool) -> float:
    """Gigabytes that a use of the model takes."""
    if purpose == "inference":
        return memory.inference
    return memory.lora if adapters else memory.full


def memory_gb(device: runtime.Device) -> float:
    """Gigabytes that a run may use: the memory of its GPU, or RAM that is free and allowed."""
    if device == "cuda":
        import torch

        return float(torch.cuda.get_device_properties(0).total_memory) / 1e9

    import psutil

    free = float(psutil.virtual_memory().available)
    limit = _CGROUP_LIMIT.read_text().strip() if _CGROUP_LIMIT.exists() else "max"
    return (free if limit == "max" else min(free, float(limit))) / 1e9


def fitting(found_gb: float, purpose: Purpose, folder: Path, device: runtime.Device) -> list[str]:
    """Names of the model configs that `found_gb` can hold, largest first.

    A file that only changes another one (LoRA variants) counts with the memory of the file that it changes, where it
    gives none of its own.
    """
    sizes: dict[str, float] = {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            memory, lora = _stated(file)
            if device == "cuda" or not lora.get("quantisation"):
                sizes[file.stem] = needed_gb(MemoryConfig.model_validate(memory), purpose, adapters=bool(lora))
        except (KeyError, TypeError, OSError, ValidationError):
            continue  # a half-written config is no advice
    return sorted((name for name, size in sizes.items() if size <= found_gb), key=lambda name: (-sizes[name], name))


def _stated(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a model's file says of memory and adapters, with what the file says that it changes."""
    values = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    memory, lora = _stated(file.with_stem(values["defaults"][0])) if "defaults" in values else ({}, {})
    return memory | values.get("about", {}).get("memory_gb", {}), lora | (values.get("lora") or {})

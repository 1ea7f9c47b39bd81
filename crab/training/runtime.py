"""The process that trains: its threads, its device, deterministic algorithms, and silence towards the network."""

from __future__ import annotations

import os
import resource
import sys
from typing import Literal

from crab.config.compute import ComputeConfig
from crab.core.errors import Problem, ResourceError

Device = Literal["cpu", "cuda"]


def configure(compute: ComputeConfig) -> Device:
    """Prepare this process for repeatable training; call it before anything draws or computes.

    Raises:
        ResourceError: A GPU is asked for and there is none.
    """
    os.environ["OMP_NUM_THREADS"] = str(compute.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # asked for by deterministic matrix products on CUDA
    _stay_silent()

    import torch
    import transformers

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    device = resolve(compute)
    torch.set_num_threads(compute.threads)
    # Some attention kernels on CUDA have no deterministic backward pass; there torch warns instead of stopping.
    torch.use_deterministic_algorithms(True, warn_only=device == "cuda")
    return device


def resolve(compute: ComputeConfig) -> Device:
    """The device that `compute.device` stands for on this machine.

    Raises:
        ResourceError: A GPU is asked for and there is none.
    """
    import torch

    found = torch.cuda.is_available()
    if compute.device == "cuda" and not found:
        raise ResourceError(
            Problem(
                "params.yaml [compute]",
                "device = 'cuda', and torch sees no GPU",
                "use compute.device=auto, or install with EXTRA=gpu",
            )
        )
    return "cuda" if found and compute.device != "cpu" else "cpu"


def peak_memory_gb(device: str) -> float:
    """Gigabytes (10^9 bytes) that this process has held at most: of its GPU, or of RAM."""
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 1e9
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held * (1 if sys.platform == "darwin" else 1024) / 1e9


def _stay_silent() -> None:
    """Switch off the usage reports that TRL and the hub client send; the client reads the variable once, on import."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True

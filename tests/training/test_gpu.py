"""Training on a real GPU, with the shapes and settings of large models; and that its benchmark runs at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import gpu_training

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["sft", "dpo"])
def test_the_benchmark_at_toy_size(task: str) -> None:
    found = gpu_training.main(
        [task, "--shape", "toy", "--steps", "5", "--batch-size", "2", "--accumulation-steps", "1"]
    )  # fmt: skip
    assert found["steps"] == 5
    assert found["parameters"] < 200_000
    assert found["tokens_per_second"] > 10


@pytest.mark.gpu
@pytest.mark.parametrize("task", ["sft", "dpo"])
def test_a_billion_parameters_in_bf16(task: str) -> None:
    """Fifty steps, as the stages train: in a process of its own, since the GPU is claimed by the process."""
    code = f"from benchmarks import gpu_training; print(gpu_training.main(['{task}'])['utilisation'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 0.05 < float(done.stdout.splitlines()[-1]) < 1


@pytest.mark.gpu
def test_a_claimed_gpu_is_the_one_that_torch_sees() -> None:
    """Before the claim nothing may have asked CUDA: afterwards torch counts what was claimed."""
    code = "from crab.core import gpus; gpus.claim('cuda', 1); import torch; print(torch.cuda.device_count())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"

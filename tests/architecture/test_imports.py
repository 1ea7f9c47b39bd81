"""Rooms know each other in one direction, and the light ones stay light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "trl", "vllm", "mlflow", "datasets"}


@pytest.mark.parametrize(
    "module",
    ["crab.constraints", "crab.experiment", "crab.tracking", "crab.cli", "stages.seed", "stages.verify"],
)
def test_light_modules_load_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

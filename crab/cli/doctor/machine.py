"""The machine: system, Python, cores, memory, GPU."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator

from crab.cli.doctor.findings import Finding

OLDEST_PYTHON = (3, 11)
"""`requires-python` of pyproject.toml."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def system() -> Iterator[Finding]:
    """Operating system, Python, cores and memory."""
    name = platform.system()
    if name == "Windows":
        yield Finding("problem", "system", "Windows is not supported", "use Linux, macOS, or WSL")
    else:
        yield Finding("ok", "system", f"{name} {platform.release()}, {platform.machine()}")
    version = f"Python {platform.python_version()} ({sys.executable})"
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield Finding("problem", "python", f"{version} is older than {oldest}", f"make run PYTHON=python{oldest}")
    else:
        yield Finding("ok", "python", version)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    yield Finding("ok", "cores, memory", f"{allowed} cores, {total:.0f} GB of memory{_free()}")
    browser = next((path for one in BROWSERS if (path := shutil.which(one))), None)
    yield Finding("ok", "browser", browser or "none found: only the tests that open pages in one are skipped")


def gpu() -> Iterator[Finding]:
    """GPUs that the driver lists, and whether torch can use them."""
    listed = driver()
    if importlib.util.find_spec("torch") is None:
        yield Finding("warning", "GPU", f"{', '.join(listed) or 'none listed'}; torch is not installed", "make run")
        return
    import torch

    if torch.cuda.is_available():
        found = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
        shown = ", ".join(f"{one.name} ({one.total_memory / 1e9:.0f} GB)" for one in found)
        yield Finding("ok", "GPU", f"{shown}; torch {torch.__version__} uses them")
    elif listed:
        yield Finding(
            "warning",
            "GPU",
            f"{', '.join(listed)}: torch {torch.__version__} cannot use them",
            "make run EXTRA=gpu" if torch.version.cuda is None else "check the driver: nvidia-smi",
        )
    else:
        yield Finding("ok", "GPU", f"none; torch {torch.__version__} computes on the CPU")


def driver() -> list[str]:
    """GPUs as nvidia-smi lists them; empty without it."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


def _free() -> str:
    if importlib.util.find_spec("psutil") is None:
        return ""
    from crab.training import hardware

    return f", {hardware.memory_gb('cpu'):.1f} GB free and allowed"

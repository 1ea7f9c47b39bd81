"""Training in several processes: a stage prepares its rows alone, then accelerate starts workers that train on them.

The stage's own command never changes, since DVC takes it for part of the stage; how many processes train is read from
the `launch` section, which no stage tracks. Workers read what the stage has written, and leave result and curves in the
stage's work folder. They save and stop when the stage does, or dies: it holds the other end of their standard input.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crab.config.launch import LaunchConfig
from crab.core import gpus, io
from crab.core.errors import CrabError, Problem

if TYPE_CHECKING:
    from crab.training.loop import LogStep

Train = Callable[[], dict[str, float]]

STEPS, RESULT, PROBLEMS = "steps.jsonl", "result.json", "problems.json"
"""What the first worker leaves in the work folder."""
_POLL_SECONDS = 0.5


def train(stage: str, launch: LaunchConfig, place: Path, log_step: LogStep, here: Train) -> dict[str, float]:
    """Train a stage's model in this process, or in several.

    Args:
        stage: A key of `worker.TASKS`.
        launch: The `launch` section.
        place: The work folder.
        log_step: Gets step and metrics.
        here: Trains in this process.

    Returns:
        What `here` returns, whoever trained.

    Raises:
        CrabError: What stopped the workers; also what `here` raises.
    """
    if launch.processes == 1:
        return here()
    with _alone(place) as lock:
        for name in (RESULT, PROBLEMS, STEPS):
            (place / name).unlink(missing_ok=True)
        io.write_json(place / "accelerate.json", config_file(launch))
        command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(place / "accelerate.json")]
        child = subprocess.Popen(
            [*command, "-m", "crab.training.worker", stage, str(place)],
            stdin=subprocess.PIPE,
            pass_fds=[lock, *gpus.held()],
        )
        assert child.stdin is not None
        read = 0
        try:
            while child.poll() is None:
                time.sleep(_POLL_SECONDS)
                read = _pass_on(place / STEPS, read, log_step)
        finally:
            child.stdin.close()
            child.wait()
        _pass_on(place / STEPS, read, log_step)
    if (place / PROBLEMS).exists():
        raise CrabError([Problem(**problem) for problem in json.loads((place / PROBLEMS).read_text(encoding="utf-8"))])
    if child.returncode != 0 or not (place / RESULT).exists():
        raise CrabError(
            Problem(
                f"stage {stage}",
                f"its {launch.processes} training processes ended with status {child.returncode}",
                "see their messages above; the same command goes on from the last checkpoint",
            )
        )
    result: dict[str, float] = json.loads((place / RESULT).read_text(encoding="utf-8"))
    return result


@contextmanager
def _alone(place: Path) -> Iterator[int]:
    """Wait until no workers are left of a stage that was killed; yields a lock for those that come now."""
    with open(place / "workers.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("crab: waiting for the training processes of a killed run to save and stop", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def config_file(launch: LaunchConfig) -> dict[str, Any]:
    """What accelerate's own config file holds for the section."""
    return {
        "compute_environment": "LOCAL_MACHINE",
        "num_machines": 1,
        "machine_rank": 0,
        "num_processes": launch.processes,
        "main_process_port": 0,  # any free one: queued experiments share the machine
        "main_training_function": "main",
        "rdzv_backend": "static",
        "same_network": True,
        "use_cpu": False,
    } | launch.accelerate.model_dump(exclude_none=True)


def _pass_on(file: Path, read: int, log_step: LogStep) -> int:
    """Hand the lines after the first `read` bytes on; returns how far it got."""
    if not file.exists():
        return read
    with open(file, "rb") as lines:
        lines.seek(read)
        for line in lines:
            if not line.endswith(b"\n"):
                break
            point = json.loads(line)
            log_step(point["step"], point["metrics"])
            read += len(line)
    return read


def append_step(place: Path) -> LogStep:
    """What a worker logs its curves with."""

    def log_step(step: int, metrics: Mapping[str, float]) -> None:
        with open(place / STEPS, "a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "metrics": dict(metrics)}) + "\n")

    return log_step


def is_first() -> bool:
    """Whether this process is the first of those that train together."""
    return os.environ.get("RANK", "0") == "0"

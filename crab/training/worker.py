"""One of several processes that train a stage's model together; `launch` starts it, nobody else."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from accelerate import PartialState

from crab.config import section
from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.launch import LaunchConfig
from crab.config.model import ModelConfig
from crab.config.sft import SftConfig
from crab.core import io
from crab.core.errors import CrabError
from crab.core.records import TrainingRow
from crab.training import launch, runtime, sft, start
from crab.training.algorithms import ALGORITHMS


def _sft(model: ModelConfig, compute: ComputeConfig, save_seconds: float, place: Path) -> dict[str, float]:
    config, rows = section.load("sft", SftConfig), Path("data/crab")
    base = start.policy(config)
    written = {task: io.read(rows / f"{task}.jsonl", TrainingRow) for task in ("forward", "general", "reverse")}
    forward = sft.prepare(base, [*written["forward"], *written["general"]], config, model).rows
    reverse = sft.prepare(base, written["reverse"], config, model).rows
    output, log_step = Path("models/sft"), launch.append_step(place)
    return sft.train(base, forward, reverse, config, model, compute, place, save_seconds, output, log_step)


def _dpo(model: ModelConfig, compute: ComputeConfig, save_seconds: float, place: Path) -> dict[str, float]:
    config, policy = section.load("dpo", DpoConfig), Path("models/sft")
    algorithm = ALGORITHMS[config.algorithm]
    records = io.read(Path("data/preferences.jsonl"), algorithm.RECORD)
    rows = algorithm.prepare(policy, records, config, model).rows
    output, log_step = Path("models/dpo"), launch.append_step(place)
    return algorithm.train(policy, rows, config, model, compute, place, save_seconds, output, log_step)


TASKS: Final[dict[str, Callable[[ModelConfig, ComputeConfig, float, Path], dict[str, float]]]] = {
    "sft": _sft,
    "dpo": _dpo,
}
"""Stage -> training on what the stage has written."""


def main() -> None:
    stage, place = sys.argv[1], Path(sys.argv[2])
    threading.Thread(target=_stop_with_the_stage, daemon=True).start()
    compute, launching = section.load("compute", ComputeConfig), section.load("launch", LaunchConfig)
    try:
        # Before the model is loaded: with FSDP one process reads it from the disk, and has to know which one it is.
        PartialState(cpu=runtime.configure(compute) == "cpu")
        result = TASKS[stage](section.load("model", ModelConfig), compute, launching.save_seconds, place)
    except CrabError as error:
        if launch.is_first():
            found = json.dumps([asdict(problem) for problem in error.problems])
            (place / launch.PROBLEMS).write_text(found, encoding="utf-8")
        raise SystemExit(1) from None
    if launch.is_first():
        io.write_json(place / launch.RESULT, result)


def _stop_with_the_stage() -> None:
    """Ask this process to save and stop once the stage's own, which never writes a word, has closed our input."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

"""One of several processes that train a stage's model together; `launch` starts it, nobody else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from crab.config import section
from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.launch import LaunchConfig
from crab.config.model import ModelConfig
from crab.config.sft import SftConfig
from crab.core import io
from crab.core.errors import CrabError
from crab.core.records import PreferencePair, TrainingRow
from crab.training import dpo, launch, sft


def _sft(model: ModelConfig, compute: ComputeConfig, save_seconds: float, place: Path) -> dict[str, float]:
    config, base, rows = section.load("sft", SftConfig), Path("models/base"), Path("data/crab")
    written = {task: io.read(rows / f"{task}.jsonl", TrainingRow) for task in ("forward", "general", "reverse")}
    forward = sft.prepare(base, [*written["forward"], *written["general"]], config, model).rows
    reverse = sft.prepare(base, written["reverse"], config, model).rows
    output, log_step = Path("models/sft"), launch.append_step(place)
    return sft.train(base, forward, reverse, config, model, compute, place, save_seconds, output, log_step)


def _dpo(model: ModelConfig, compute: ComputeConfig, save_seconds: float, place: Path) -> dict[str, float]:
    config, policy = section.load("dpo", DpoConfig), Path("models/sft")
    pairs = dpo.prepare(policy, io.read(Path("data/preferences.jsonl"), PreferencePair), config, model).pairs
    output, log_step = Path("models/dpo"), launch.append_step(place)
    return dpo.train(policy, pairs, config, model, compute, place, save_seconds, output, log_step)


TASKS: Final[dict[str, Callable[[ModelConfig, ComputeConfig, float, Path], dict[str, float]]]] = {
    "sft": _sft,
    "dpo": _dpo,
}
"""Stage -> training on what the stage has written."""


def main() -> None:
    stage, place = sys.argv[1], Path(sys.argv[2])
    try:
        result = TASKS[stage](
            section.load("model", ModelConfig),
            section.load("compute", ComputeConfig),
            section.load("launch", LaunchConfig).save_seconds,
            place,
        )
    except CrabError as error:
        if launch.is_first():
            found = json.dumps([asdict(problem) for problem in error.problems])
            (place / launch.PROBLEMS).write_text(found, encoding="utf-8")
        raise SystemExit(1) from None
    if launch.is_first():
        io.write_json(place / launch.RESULT, result)


if __name__ == "__main__":
    main()

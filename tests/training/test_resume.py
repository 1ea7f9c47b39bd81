"""A run that is interrupted, however, ends with the bytes of one that is not."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crab.core import io
from crab.core.errors import CrabError
from crab.core.records import PreferencePair, Seed, TrainingRow
from crab.training import base as pretraining
from crab.training import dpo, sft

Rows = Callable[..., list[TrainingRow]]
Run = Callable[[Path, Callable[[int, Mapping[str, float]], None]], Mapping[str, float]]
ALWAYS = 1e-6  # seconds between checkpoints: one after every step
NEVER = 1e6
LORA = {"r": 4, "alpha": 8, "dropout": 0.2, "target_modules": ["q_proj", "v_proj"]}


class KillError(Exception):
    """Stands for a kill: nothing after it runs, and nothing has prepared for it."""


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.rglob("*"))}


def quiet(step: int, metrics: Mapping[str, float]) -> None:
    pass


def at(step: int, action: Callable[[], None]) -> Callable[[int, Mapping[str, float]], None]:
    def log_step(now: int, metrics: Mapping[str, float]) -> None:
        if now == step:
            action()

    return log_step


def interrupt() -> None:
    raise KillError


def sft_run(base: Path, rows: Rows, config: Any) -> Run:
    def run(work: Path, log_step: Any) -> Mapping[str, float]:
        forward, reverse = (
            sft.prepare(base, rows(count, task), config.sft, config.model).rows
            for count, task in ((43, "forward"), (20, "reverse"))
        )
        return sft.train(
            base, forward, reverse, config.sft, config.model, config.compute, work, config.launch.save_seconds,
            work / "model", log_step,
        )  # fmt: skip

    return run


@pytest.fixture(params=["plain", "accumulation", "tokens", "adapters", "dpo", "base"])
def runs(
    request: Any, base: Path, rows: Rows, pairs: list[PreferencePair], seeds: list[Seed], setup: Any
) -> tuple[Run, Run]:
    """One that never saves, and one that saves after every step; of two epochs each."""

    def one(save_seconds: float) -> Run:
        over: dict[str, Any] = {"sft__epochs": 2, "launch__save_seconds": save_seconds}
        if request.param == "dpo":
            config = setup(dpo__epochs=2, dpo__batch_size=8)

            def run(work: Path, log_step: Any) -> Mapping[str, float]:
                prepared = dpo.prepare(base, pairs, config.dpo, config.model)
                return dpo.train(
                    base, prepared.rows, config.dpo, config.model, config.compute, work, save_seconds,
                    work / "model", log_step,
                )  # fmt: skip

            return run
        if request.param == "base":
            config = setup(base__epochs=2)

            def build(work: Path, log_step: Any) -> Mapping[str, float]:
                return pretraining.build(
                    seeds, config.base, config.model, config.compute, work, save_seconds, work / "model", log_step
                )

            return build
        if request.param == "accumulation":
            over |= {"sft__batch_size": 3, "sft__accumulation_steps": 2}
        if request.param == "tokens":
            over |= {"sft__normalize": "tokens"}
        if request.param == "adapters":
            over |= {"model__lora": LORA}
        return sft_run(base, rows, setup(**over))

    return one(NEVER), one(ALWAYS)


def test_resumed_runs_end_alike(runs: tuple[Run, Run], tmp_path: Path) -> None:
    straight, saving = runs
    expected = straight(tmp_path / "straight", quiet)
    for step in (3, 8):  # in the first epoch, then, from there, in the second
        with pytest.raises(KillError):
            saving(tmp_path / "broken", at(step, interrupt))
    steps: list[int] = []
    found = saving(tmp_path / "broken", lambda step, _: steps.append(step))
    assert steps[0] == 8, "went on from the last checkpoint, not from the start"
    assert found == expected
    assert digests(tmp_path / "broken" / "model") == digests(tmp_path / "straight" / "model")


def test_interrupted_after_the_last_step(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    expected = sft_run(base, rows, setup())(tmp_path / "straight", quiet)
    saving = sft_run(base, rows, setup(launch__save_seconds=ALWAYS))
    saving(tmp_path / "broken", quiet)
    assert saving(tmp_path / "broken", lambda *_: pytest.fail("a step was repeated")) == expected
    assert digests(tmp_path / "broken" / "model") == digests(tmp_path / "straight" / "model")


def test_a_request_to_stop_saves_first(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    expected = sft_run(base, rows, setup())(tmp_path / "straight", quiet)
    run = sft_run(base, rows, setup(launch__save_seconds=NEVER))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(CrabError, match=r"stopped on request at step [23], and saved"):
        run(tmp_path / "stopped", at(2, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    assert signal.getsignal(signal.SIGTERM) is before
    assert not (tmp_path / "stopped" / "model").exists()
    assert run(tmp_path / "stopped", quiet) == expected
    assert digests(tmp_path / "stopped" / "model") == digests(tmp_path / "straight" / "model")


def test_half_written_checkpoints_are_removed(tmp_path: Path) -> None:
    from crab.training import checkpoints

    for step in (2, 10, 11):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if step != 11:
            (tmp_path / f"checkpoint-{step}" / checkpoints.MARKER).write_text("{}")
    assert checkpoints.last_complete(tmp_path) == tmp_path / "checkpoint-10"
    assert not (tmp_path / "checkpoint-11").exists()
    assert checkpoints.last_complete(tmp_path / "nowhere") is None


CHILD = """
import sys
from pathlib import Path
from crab.config.compute import ComputeConfig
from crab.config.launch import LaunchConfig
from crab.config.model import ModelConfig
from crab.config.sft import SftConfig
from crab.core import io
from crab.core.records import TrainingRow
from crab.training import sft
base, folder = map(Path, sys.argv[1:3])
kinds = (SftConfig, ModelConfig, ComputeConfig, LaunchConfig)
config, model, compute, launch = (kind.model_validate_json(text) for kind, text in zip(kinds, sys.argv[3:]))
rows = [io.read(folder / f"{task}.jsonl", TrainingRow) for task in ("forward", "reverse")]
forward, reverse = (sft.prepare(base, part, config, model).rows for part in rows)
work = folder / "killed"
output = work / "model"
sft.train(base, forward, reverse, config, model, compute, work, launch.save_seconds, output, lambda *_: None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("accumulation", [1, 2])
def test_kill_9(base: Path, rows: Rows, setup: Any, tmp_path: Path, accumulation: int) -> None:
    """Once while a checkpoint is being written, once later; by the operating system."""
    over = {"sft__epochs": 3, "sft__batch_size": 4, "sft__accumulation_steps": accumulation}
    expected = sft_run(base, rows, setup(**over))(tmp_path / "straight", quiet)
    config = setup(**over, launch__save_seconds=ALWAYS)
    work = tmp_path / "killed"
    io.write(tmp_path / "forward.jsonl", rows(43, "forward"))
    io.write(tmp_path / "reverse.jsonl", rows(20, "reverse"))
    sections = [section.model_dump_json() for section in (config.sft, config.model, config.compute, config.launch)]
    command = [sys.executable, "-c", CHILD, str(base), str(tmp_path), *sections]
    last = 0
    for step, whole in ((3, False), (8, True)):
        child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        sign = work / "checkpoints" / f"checkpoint-{step}"
        while not (sign / "complete.json" if whole else sign).exists():
            assert child.poll() is None, "finished before it could be killed"
            time.sleep(0.0005)
        child.kill()
        child.wait()
        assert not (work / "model").exists()
        found = sorted(int(path.name.rpartition("-")[2]) for path in sign.parent.iterdir())
        assert found[-1] > last
        last = found[-1]
    assert sft_run(base, rows, config)(work, quiet) == expected
    assert digests(work / "model") == digests(tmp_path / "straight" / "model")


def exhaust() -> None:
    raise MemoryError


def test_lack_of_memory_says_what_to_change(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    run = sft_run(base, rows, setup(launch__save_seconds=ALWAYS))
    with pytest.raises(CrabError, match=r"out of memory: no more RAM; halve batch_size and double accumulation_steps"):
        run(tmp_path / "work", at(3, exhaust))
    assert run(tmp_path / "work", quiet) == sft_run(base, rows, setup())(tmp_path / "straight", quiet)


def test_a_full_disk_says_so_and_keeps_the_last_checkpoint(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the weights still fit, the moments, twice as large, do not."""
    run = sft_run(base, rows, setup(launch__save_seconds=ALWAYS))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (base / "model.safetensors").stat().st_size
    try:
        with pytest.raises(CrabError, match=r"could not be written: the disk is full, .*; make room and run the same"):
            run(
                tmp_path / "work",
                at(3, partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size + 10_000, unlimited[1]))),
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    steps: list[int] = []
    assert run(tmp_path / "work", lambda step, _: steps.append(step)) == sft_run(base, rows, setup())(
        tmp_path / "straight", quiet
    )
    assert steps[0] == 3
    assert digests(tmp_path / "work" / "model") == digests(tmp_path / "straight" / "model")


def test_no_checkpoint_of_what_is_no_number(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    """Also where the loss is logged more seldom than saved: every third step of these 360."""
    from safetensors.torch import load_file

    from crab.training import checkpoints

    mad = {"sft__learning_rate": 1e30, "sft__max_grad_norm": 1e9, "sft__warmup_ratio": 0.0, "sft__epochs": 60}
    run = sft_run(base, rows, setup(**mad, launch__save_seconds=ALWAYS))
    with pytest.raises(CrabError, match=r"(loss|grad_norm) is (nan|inf) at step \d; lower learning_rate; the last"):
        run(tmp_path, quiet)
    kept = checkpoints.last_complete(tmp_path / "checkpoints")
    assert kept is not None
    assert all(weight.isfinite().all() for weight in load_file(kept / "model.safetensors").values())

"""Two processes over gloo train what one process trains."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from crab.core import io
from crab.core.errors import CrabError
from crab.core.records import PreferencePair, TrainingRow
from crab.training import dpo, launch, sft

pytestmark = pytest.mark.slow
Rows = Callable[..., list[TrainingRow]]
STEP = {"sft__batch_size": 4, "sft__accumulation_steps": 2, "dpo__batch_size": 4, "dpo__accumulation_steps": 2}
TWO = {"launch__processes": 2, "launch__accelerate": {"distributed_type": "MULTI_GPU", "mixed_precision": "no"}}


@pytest.fixture
def project(base: Path, rows: Rows, pairs: list[PreferencePair], tmp_path: Path, monkeypatch: Any) -> Path:
    """What a stage has written when it starts its workers; 43 rows and 48 pairs, so that the last step is not full."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name in ("base", "sft"):
        shutil.copytree(base, tmp_path / "models" / name)
    for task, count in (("forward", 43), ("reverse", 20), ("general", 0)):
        io.write(tmp_path / "data" / "crab" / f"{task}.jsonl", rows(count, task))
    io.write(tmp_path / "data" / "preferences.jsonl", pairs)
    (tmp_path / "work").mkdir()
    return tmp_path


def configure(setup: Any, **over: Any) -> Any:
    config = setup(**STEP | over)
    sections = {name: getattr(config, name).model_dump() for name in ("model", "sft", "dpo", "compute", "launch")}
    with open("params.yaml", "w") as file:
        YAML(typ="safe").dump(sections, file)
    return config


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def assert_alike(found: Path, expected: Path, before: Path) -> None:
    """Equal but for rounding: a thousandth of what training changed."""
    import torch

    ours, theirs, first = weights(found), weights(expected), weights(before)
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        moved = (tensor - first[name]).norm()
        assert moved > 0
        assert torch.linalg.vector_norm(ours[name] - tensor) < 1e-3 * moved, name


def close(found: Mapping[str, float], expected: Mapping[str, float]) -> None:
    assert found == pytest.approx(expected, rel=1e-3)


def test_sft(project: Path, setup: Any) -> None:
    one = configure(setup, sft__epochs=2)
    read = [io.read(Path(f"data/crab/{task}.jsonl"), TrainingRow) for task in ("forward", "reverse")]
    forward, reverse = (sft.prepare(Path("models/base"), part, one.sft, one.model).rows for part in read)
    expected = sft.train(
        Path("models/base"), forward, reverse, one.sft, one.model, one.compute, project / "one", 1e6,
        Path("models/one"), lambda *_: None,
    )  # fmt: skip
    two = configure(setup, sft__epochs=2, **TWO)
    steps: list[int] = []
    found = launch.train("sft", two.launch, project / "work", lambda step, _: steps.append(step), lambda: {})
    close(found, expected)
    assert_alike(Path("models/sft"), Path("models/one"), Path("models/base"))
    assert steps == sorted(set(steps))
    assert steps[-1] == expected["steps"]


def test_dpo(project: Path, setup: Any, pairs: list[PreferencePair]) -> None:
    one = configure(setup)
    prepared = dpo.prepare(Path("models/sft"), pairs, one.dpo, one.model)
    expected = dpo.train(
        Path("models/sft"), prepared.rows, one.dpo, one.model, one.compute, project / "one", 1e6, Path("models/one"),
        lambda *_: None,
    )  # fmt: skip
    found = launch.train("dpo", configure(setup, **TWO).launch, project / "work", lambda *_: None, lambda: {})
    assert found["steps"] == expected["steps"]
    close({"margin": found["rewards_margins"]}, {"margin": expected["rewards_margins"]})
    assert_alike(Path("models/dpo"), Path("models/one"), Path("models/sft"))


STAGE = """
import sys
from pathlib import Path
from crab.config import section
from crab.config.launch import LaunchConfig
from crab.tracking import process
from crab.training import launch
with process.terminable():
    config = section.load("launch", LaunchConfig)
    launch.train("sft", config, Path("work"), lambda step, _: print(step, flush=True), dict)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stop_in_the_middle_saves_and_goes_on(project: Path, setup: Any, number: int) -> None:
    """Workers of a stage that is killed outright save too, and the next one waits for them."""
    saving = configure(setup, sft__epochs=30, launch__save_seconds=1e6, **TWO)
    stage = subprocess.Popen([sys.executable, "-c", STAGE], stdout=subprocess.PIPE, text=True)
    assert stage.stdout is not None
    assert int(stage.stdout.readline()) >= 1
    os.kill(stage.pid, number)
    stage.wait(timeout=120)
    assert stage.returncode != 0
    steps: list[int] = []
    result = launch.train("sft", saving.launch, project / "work", lambda step, _: steps.append(step), lambda: {})
    assert steps[0] > 1, "went on from what was saved"
    assert steps[-1] == result["steps"]


def test_what_stops_the_workers_is_told_once(project: Path, setup: Any) -> None:
    config = configure(setup, sft__accumulation_steps=1, **TWO)
    with pytest.raises(CrabError, match="2 processes cannot share 1 forward passes"):
        launch.train("sft", config.launch, project / "work", lambda *_: None, lambda: {})

"""Real processes that share GPUs which are not there: a lease is about the locks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crab.core import gpus
from crab.core.errors import ResourceError
from crab.core.gpus import Gpu

ROOT = Path(__file__).parents[2]
WORKER = """
import os, sys, time
from pathlib import Path
from crab.core.gpus import Gpu, lease
place, count, devices, rounds, seconds = Path(sys.argv[1]), *map(float, sys.argv[2:])
log = os.open(place / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for _ in range(int(rounds)):
    mine = lease([Gpu(str(n), f"uuid-{n}") for n in range(int(devices))], int(count), place)
    names = " ".join(gpu.name for gpu in mine.gpus)
    os.write(log, f"+ {names}\\n".encode())
    time.sleep(seconds)
    os.write(log, f"- {names}\\n".encode())
    mine.close()
"""


def start(place: Path, count: int, devices: int = 2, rounds: int = 1, seconds: float = 0.02) -> subprocess.Popen[str]:
    arguments = [str(place), str(count), str(devices), str(rounds), str(seconds)]
    return subprocess.Popen([sys.executable, "-c", WORKER, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True)


def told(place: Path) -> list[tuple[str, list[str]]]:
    log = place / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [(line[0], line[2:].split()) for line in lines]


def until(place: Path, events: int) -> None:
    deadline = time.monotonic() + 30
    while len(told(place)) < events:
        assert time.monotonic() < deadline, "nobody got the GPU"
        time.sleep(0.01)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds GPU 0 of 1 for an hour."""
    child = start(tmp_path, 1, devices=1, seconds=3600)
    until(tmp_path, 1)
    yield child
    child.kill()
    child.communicate()


@pytest.mark.parametrize("counts", [(1, 1, 1, 1), (1, 2, 1, 2)])
def test_processes_never_share_a_gpu(tmp_path: Path, counts: tuple[int, ...]) -> None:
    """Four over two GPUs; where some ask for both, all of them still come to an end."""
    children = [start(tmp_path, count, rounds=3) for count in counts]
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    held: set[str] = set()
    for sign, names in told(tmp_path):
        if sign == "+":
            assert not held & set(names)
            held |= set(names)
        else:
            held -= set(names)
    assert len(told(tmp_path)) == 2 * 3 * len(counts)
    assert {name for _, names in told(tmp_path) for name in names} == {"0", "1"}


def test_a_killed_holder_frees_its_gpu(tmp_path: Path, slow: subprocess.Popen[str]) -> None:
    waiting = start(tmp_path, 1, devices=1)
    assert waiting.stderr is not None
    assert "waiting for free GPUs" in waiting.stderr.readline()
    assert len(told(tmp_path)) == 1
    slow.kill()
    waiting.communicate(timeout=30)
    assert told(tmp_path) == [("+", ["0"]), ("+", ["0"]), ("-", ["0"])]


def test_one_who_stops_waiting_leaves_the_queue(tmp_path: Path, slow: subprocess.Popen[str]) -> None:
    """Also the first of the queue, which had taken one of the two that it needs."""
    first = start(tmp_path, 2)
    assert first.stderr is not None
    first.stderr.readline()
    second = start(tmp_path, 1)
    assert second.stderr is not None
    second.stderr.readline()
    first.kill()
    first.communicate()
    second.communicate(timeout=30)
    assert told(tmp_path)[1:] == [("+", ["1"]), ("-", ["1"])]


def test_a_child_that_outlives_its_parent_keeps_the_gpu(tmp_path: Path) -> None:
    mine = gpus.lease([Gpu("0", "uuid-0")], 1, tmp_path)
    child = subprocess.Popen(["sleep", "3600"], pass_fds=mine.locks)
    mine.close()
    waiting = start(tmp_path, 1, devices=1)
    assert waiting.stderr is not None
    assert "waiting" in waiting.stderr.readline()
    child.kill()
    child.wait()
    waiting.communicate(timeout=30)
    assert waiting.returncode == 0


def test_more_than_there_are(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"3 are asked for, and this process may use 2; lower launch\.processes"):
        gpus.lease([Gpu("0", "a"), Gpu("1", "b")], 3, tmp_path)


CLAIM = """
import os, sys
from crab.core import gpus
gpus.claim(sys.argv[1], int(sys.argv[2]))
gpus.claim(sys.argv[1], 1)
print(os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ.get("CUDA_DEVICE_ORDER"), len(gpus.held()) > 0)
"""


@pytest.fixture
def claim(tmp_path: Path) -> object:
    """Claims GPUs on a machine whose nvidia-smi lists three."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\nfor n in 0 1 2; do echo "$n, GPU-$n$n"; done\n')
    tool.chmod(0o755)

    def run(device: str, count: int, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CUDA_")}
        path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [sys.executable, "-c", CLAIM, device, str(count)], cwd=ROOT, capture_output=True, text=True, check=False,
            env=kept | {"PATH": path, "TMPDIR": str(tmp_path)} | environment,
        )  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("device", "count", "visible", "seen"),
    [
        ("auto", 1, None, "0 PCI_BUS_ID True"),
        ("cuda", 2, None, "0,1 PCI_BUS_ID True"),
        ("cpu", 2, None, "None None False"),
        ("auto", 1, "2,0", "2 None True"),
        ("auto", 1, "GPU-11", "GPU-11 None True"),
        ("auto", 1, "", " None False"),
        ("auto", 1, "-1", "-1 None False"),
    ],
)
def test_what_cuda_gets_to_see(claim: object, device: str, count: int, visible: str | None, seen: str) -> None:
    assert callable(claim)
    chosen = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert claim(device, count, **chosen).stdout == f"{seen}\n"


def test_a_gpu_has_one_lock_whatever_it_is_called(claim: object, tmp_path: Path) -> None:
    assert callable(claim)
    place = tmp_path / f"crab-gpus-{os.getuid()}"
    mine = gpus.lease([Gpu("by its identity", "GPU-11")], 1, place)
    try:
        assert claim("auto", 1).stdout.startswith("0 ")
        assert claim("auto", 2).stdout.startswith("0,2 ")
    finally:
        mine.close()

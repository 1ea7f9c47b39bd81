"""GPUs that several processes of one machine share: each takes free ones for itself until it ends.

A lease is a lock on a file, one for each GPU, so the operating system gives it back when its process dies, however it
dies. Whoever waits for GPUs also holds the gate, where all others queue: first come, first served, a process that needs
many is not overtaken by those that need one, and no two can each hold what the other lacks.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Literal

from crab.core.errors import Problem, ResourceError

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU that this process may use."""

    name: str
    """As `CUDA_VISIBLE_DEVICES` calls it."""
    identity: str
    """Of the card itself, the same in every process: names its lock."""


@dataclass
class Lease:
    """GPUs that are this process's own until `close`, or its death."""

    gpus: list[Gpu] = field(default_factory=list)
    locks: list[int] = field(default_factory=list)
    """File descriptors; a child that gets them holds the GPUs too."""

    def close(self) -> None:
        """Give the GPUs back."""
        for lock in self.locks:
            os.close(lock)
        self.gpus, self.locks = [], []


def claim(device: Literal["auto", "cpu", "cuda"], count: int) -> None:
    """Make free GPUs this process's own until it ends, and the only ones that CUDA shows it; waits for them.

    To be called before anything asks CUDA, and once: a process that took some and then waited for more could wait for
    another one that does the same. Nothing happens without a GPU, and where `device` is `cpu`.

    Args:
        device: `compute.device`.
        count: How many GPUs the process and its children will use at a time, in all that they do.

    Raises:
        ResourceError: This process may not use so many.
    """
    found = present() if device != "cpu" and count > len(_own.gpus) else []
    if not found:
        return
    if _own.gpus:
        raise ValueError(f"this process has taken {len(_own.gpus)} GPUs and cannot take {count}")
    taken = lease(found, count, Path(tempfile.gettempdir()) / f"crab-gpus-{os.getuid()}")
    _own.gpus, _own.locks = taken.gpus, taken.locks
    if "CUDA_VISIBLE_DEVICES" not in os.environ:
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # as nvidia-smi counts them
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpu.name for gpu in taken.gpus)


def held() -> list[int]:
    """File descriptors of what this process has claimed: a child that gets them outlives it with the GPUs."""
    return list(_own.locks)


def present() -> list[Gpu]:
    """The GPUs that this process may use, found without waking CUDA, which reads its environment only once.

    `CUDA_VISIBLE_DEVICES` limits them, as batch systems set it. None where there is no `nvidia-smi`.
    """
    try:
        command = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    identities = dict(line.split(", ") for line in listed.splitlines() if ", " in line)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = list(identities) if visible is None else [name.strip() for name in visible.split(",")]
    # CUDA stops reading at what is no name: "", "-1", "none".
    named = takewhile(re.compile(r"\d|GPU-|MIG-").match, names)
    return [Gpu(name, identities.get(name, name)) for name in named]


def lease(gpus: Sequence[Gpu], count: int, place: Path) -> Lease:
    """Take `count` of the GPUs, all of them or none; waits until so many are free.

    Args:
        gpus: Which may be taken; earlier ones are preferred.
        count: How many.
        place: Folder of the locks, the same for all who share the GPUs; on a local disk.

    Raises:
        ResourceError: There are not so many.
    """
    if count > len(gpus):
        raise ResourceError(
            Problem(
                "GPUs",
                f"{count} are asked for, and this process may use {len(gpus)}",
                "lower launch.processes or the engine's parallel sizes, or set compute.device=cpu",
            )
        )
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken = Lease(locks=[os.open(place, os.O_RDONLY)])
    fcntl.flock(taken.locks[0], fcntl.LOCK_SH)  # systemd's cleaner of /tmp leaves a locked folder alone
    told = False
    try:
        with open(place / "gate.lock", "w") as gate:
            if not _lock(gate.fileno()):
                told = _tell(place)
                fcntl.flock(gate, fcntl.LOCK_EX)
            while True:
                for gpu in gpus:
                    if gpu not in taken.gpus and len(taken.gpus) < count and (lock := _try(place, gpu)) is not None:
                        taken.gpus.append(gpu)
                        taken.locks.append(lock)
                if len(taken.gpus) == count:
                    taken.gpus.sort(key=gpus.index)
                    return taken
                told = told or _tell(place)
                time.sleep(_POLL_SECONDS)
    except BaseException:
        taken.close()
        raise


_own = Lease()
"""What this process has claimed."""


def _try(place: Path, gpu: Gpu) -> int | None:
    lock = os.open(place / f"{gpu.identity}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    if _lock(lock):
        return lock
    os.close(lock)
    return None


def _lock(file: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _tell(place: Path) -> bool:
    print(f"crab: waiting for free GPUs, which other runs use ({place})", file=sys.stderr, flush=True)
    return True

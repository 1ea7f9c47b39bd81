"""Work that can be killed at any moment and goes on where it was.

DVC deletes a stage's outputs before it reruns the stage, so unfinished work lies outside them, in
`.work/<stage>/<key>/` of the main checkout. The key is a hash of everything that DVC says the stage depends on
(its parameters, code and input files): another configuration or other code never sees this one's leftovers.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, tee
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from tqdm import tqdm

from crab.core import io, paths

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def folder(stage: str) -> Iterator[Path]:
    """The stage's own work folder, locked; removed when the block succeeds, kept when it fails or is killed.

    Whoever comes second with the same inputs waits: two queued experiments that share a stage may start it at once.
    """
    place = paths.work_root() / stage / key(stage)
    place.parent.mkdir(parents=True, exist_ok=True)
    # The lock file stays: removing it would let a third process lock a new one while a second still waits for the old.
    with open(place.with_suffix(".lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = f"crab: stage {stage}: waiting for another process that runs it with the same inputs ({place})"
            print(message, file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        place.mkdir(exist_ok=True)
        yield place
        shutil.rmtree(place)


def key(stage: str, workspace: Path = Path()) -> str:
    """Hash of what `dvc.yaml` lists for a stage: parameters by value, dependencies by content."""
    yaml = YAML(typ="safe")
    declared = yaml.load((workspace / "dvc.yaml").read_text(encoding="utf-8"))["stages"][stage]
    params = yaml.load((workspace / "params.yaml").read_text(encoding="utf-8"))
    digest = hashlib.sha256()
    for name in declared.get("params", []):
        digest.update(json.dumps([name, _lookup(params, name)], sort_keys=True).encode())
    for dependency in sorted(declared.get("deps", [])):
        for file in _files(workspace / dependency):
            digest.update(f"\0{file.relative_to(workspace)}\0".encode())
            with open(file, "rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:16]


def sharded(
    place: Path,
    name: str,
    items: Iterable[Item],
    function: Callable[[Sequence[Item]], Sequence[Result]],
    kind: type[Result],
    shard_size: int,
    workers: int = 1,
    cluster: str | None = None,
) -> Iterator[Result]:
    """Apply `function` to shards of `items`, in order; a shard that was finished before is read, not computed.

    Neither items nor results are held: memory depends on the size of a shard and the number of workers, not on how
    many items there are. With several workers the same files come to be, so results and their order are the same.

    Args:
        place: The work folder.
        name: What is being made; also the progress bar's caption.
        items: What to work on; the same in every attempt.
        function: Takes a shard, returns as many results; must depend on nothing but the shard. With several workers
            it is pickled: a function of a module, or a `functools.partial` of one.
        kind: Record type of the results.
        shard_size: Items per shard: what a kill costs at most (of each worker).
        workers: Processes; one computes in this process. See `processes`.
        cluster: A Ray cluster whose machines do the work (`local`: a Ray of this machine alone); None: no Ray.

    Raises:
        Exception: Whatever `function` raises, with a note that names the shard.
    """
    shards = _shards(place, name, items, shard_size)
    length = len(items) if isinstance(items, Sized) else None
    with tqdm(total=length, desc=name, unit="row", mininterval=2) as progress:
        if cluster is not None:
            made = _by_ray(shards, function, workers, cluster)
        else:
            made = _by_one(shards, function) if workers == 1 else _by_several(shards, function, workers)
        for shard in made:
            yield from io.stream(shard.file, kind)
            progress.update(shard.size)


def processes(workers: int | None) -> int:
    """How many processes to use: as many as asked, or (None) one for each core that this process may use."""
    if workers is not None:
        return workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class _Shard:
    """Items that are worked on together, and the file of their results."""

    items: Sequence[Any]
    file: Path
    where: str

    @property
    def size(self) -> int:
        return len(self.items)


def _shards(place: Path, name: str, items: Iterable[Any], size: int) -> Iterator[_Shard]:
    waiting, start = iter(items), 0
    while shard := [*islice(waiting, size)]:
        yield _Shard(shard, place / f"{name}-{start:09d}.jsonl", f"{name}: rows {start + 1} to {start + len(shard)}")
        start += len(shard)


def _by_one(shards: Iterator[_Shard], function: Callable[[Sequence[Any]], Sequence[Any]]) -> Iterator[_Shard]:
    for shard in shards:
        if not shard.file.exists():
            _make(function, shard)
        yield shard


def _by_several(
    shards: Iterator[_Shard], function: Callable[[Sequence[Any]], Sequence[Any]], workers: int
) -> Iterator[_Shard]:
    """Compute a few shards ahead of the one that is read; a single shard is not worth a process."""
    head = [*islice(shards, 2)]
    if len(head) < 2:
        yield from _by_one(iter(head), function)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _prepare, (function,))
    ahead: deque[tuple[_Shard, Future[None] | None]] = deque()
    try:
        for shard in chain(head, shards):
            ahead.append((shard, None if shard.file.exists() else pool.submit(_make_here, shard)))
            if len(ahead) > 2 * workers:
                yield _finished(*ahead.popleft())
        while ahead:
            yield _finished(*ahead.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _by_ray(
    shards: Iterator[_Shard], function: Callable[[Sequence[Any]], Sequence[Any]], workers: int, cluster: str
) -> Iterator[_Shard]:
    """Send to a cluster what is not finished; its results are written here, in the order of the shards."""
    from crab.core.cluster import ray_map

    read, sent = tee(shards)  # holds only what is on its way
    todo = (shard.items for shard in sent if not shard.file.exists())
    made = ray_map(function, todo, None if cluster == "local" else cluster, workers)
    for shard in read:
        if not shard.file.exists():
            with _Naming(shard.where):
                io.write(shard.file, next(made))
        yield shard


def _finished(shard: _Shard, future: Future[None] | None) -> _Shard:
    if future is not None:
        future.result()
    return shard


def _make(function: Callable[[Sequence[Any]], Sequence[Any]], shard: _Shard) -> None:
    with _Naming(shard.where):
        io.write(shard.file, function(shard.items))


class _Naming:
    """Notes where an exception happened, and lets it pass."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            error.add_note(f"in {self._where}")


# -- in a worker -----------------------------------------------------------------------------------------------------

_function: Callable[[Sequence[Any]], Sequence[Any]]


def _prepare(function: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
    """Take the function once for all shards, leave Ctrl-C to the parent, and never outlive it."""
    global _function
    _function = function
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _make_here(shard: _Shard) -> None:
    _make(_function, shard)


def _lookup(params: dict[str, Any], dotted: str) -> Any:
    value: Any = params
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return [path] if path.is_file() else []

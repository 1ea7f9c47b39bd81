"""Work that can be killed at any moment and goes on where it was.

DVC deletes a stage's outputs before it reruns the stage, so unfinished work lies outside them, in
`.work/<stage>/<key>/` of the main checkout. The key is a hash of everything that DVC says the stage depends on
(its parameters, code and input files): another configuration or other code never sees this one's leftovers.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
    items: Sequence[Item],
    function: Callable[[Sequence[Item]], Sequence[Result]],
    kind: type[Result],
    shard_size: int,
) -> Iterator[Result]:
    """Apply `function` to shards of `items`, in order; a shard that was finished before is read, not computed.

    Args:
        place: The work folder.
        name: What is being made; also the progress bar's caption.
        items: What to work on; the same in every attempt.
        function: Takes a shard, returns as many results; must depend on nothing but the shard.
        kind: Record type of the results.
        shard_size: Items per shard: what a kill costs at most.
    """
    with tqdm(total=len(items), desc=name, unit="row", mininterval=2) as progress:
        for start in range(0, len(items), shard_size):
            shard = items[start : start + shard_size]
            file = place / f"{name}-{start:09d}.jsonl"
            if file.exists():
                yield from io.stream(file, kind)
            else:
                results = function(shard)
                io.write(file, results)
                yield from results
            progress.update(len(shard))


def _lookup(params: dict[str, Any], dotted: str) -> Any:
    value: Any = params
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return [path] if path.is_file() else []

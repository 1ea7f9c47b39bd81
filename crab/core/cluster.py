"""Ray: a local one, small and silent, or an existing cluster; and work in shards over it."""

from __future__ import annotations

import importlib
import logging
import math
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from crab.core.errors import Problem, ResourceError

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_KNOCK_SECONDS = 10
_RETRIES = 3  # of a shard whose worker died


@contextmanager
def connected(address: str | None, cpus: float, gpus: float = 0.0, object_store_mib: int = 128) -> Iterator[Any]:
    """The `ray` module, connected as long as the block lasts.

    Args:
        address: An existing cluster, `auto` or host:port; None: a local Ray of this process, stopped at the end.
        cpus: What the workers need together, in Ray's bookkeeping; a local Ray gets them, whatever the machine has.
        gpus: Likewise.
        object_store_mib: Shared memory of a local Ray.

    Raises:
        ResourceError: Ray is not installed, or the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing phones home
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # workers without a GPU keep their environment
    try:
        ray = importlib.import_module("ray")
    except ModuleNotFoundError:
        raise ResourceError(Problem("ray", "not installed", "pip install -c versions.txt -e '.[ray]'")) from None
    if ray.is_initialized():  # whoever connected first disconnects
        yield ray
        return
    _knock(address)
    local = {
        "num_cpus": math.ceil(cpus),
        "num_gpus": math.ceil(gpus),
        "object_store_memory": object_store_mib * 2**20,
    }
    try:
        ray.init(
            address="local" if address is None else address,
            include_dashboard=False if address is None else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **(local if address is None else {}),
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        found = f"cannot be reached: {(str(error).splitlines() or [''])[0]}"
        raise ResourceError(Problem(f"Ray at {address or 'this machine'}", found, "check the address")) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str | None) -> None:
    """Ray itself tries for minutes."""
    host, _, port = (address or "").rpartition(":")
    if not host:  # `auto` names no port
        return
    try:
        socket.create_connection((host, int(port)), _KNOCK_SECONDS).close()
    except OSError as error:
        raise ResourceError(
            Problem(f"Ray at {address}", f"nobody listens there: {error}", "check the address")
        ) from None


def ray_map(
    function: Callable[[Shard], Result], shards: Iterable[Shard], address: str | None, workers: int
) -> Iterator[Result]:
    """Apply `function` to each shard, in the order of the shards, as `map` does.

    Args:
        function: Depends on nothing but the shard; the code it comes from is installed on every machine.
        shards: Read as the work goes on.
        address: See `connected`.
        workers: Shards that are worked on at a time.

    Raises:
        ResourceError: See `connected`.
        Exception: Whatever `function` raises.
    """
    with connected(address, workers) as ray:

        def apply(shard: Shard) -> Result:  # Ray takes functions only, not what is called like one
            return function(shard)

        remote = ray.remote(num_cpus=1, max_retries=_RETRIES)(apply)
        waiting: deque[Any] = deque()

        def first() -> Result:
            try:
                result: Result = ray.get(waiting.popleft())
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
            return result

        for shard in shards:
            waiting.append(remote.remote(shard))
            if len(waiting) >= 2 * workers:  # nobody idles, and little is held
                yield first()
        while waiting:
            yield first()

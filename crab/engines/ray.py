"""Workers on a Ray cluster, each with an engine of its own, given the requests in batches.

Actors, and not Ray Data's map over them: its workers end with each call, and a large model would be loaded anew for
every shard of a stage. Answers come back one by one, so that a worker that dies costs what it had not answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, RayConfig
from crab.core import cluster, io
from crab.core.errors import CrabError, Problem, ResourceError
from crab.engines.base import Engine, OnAnswer, Request, Response, ignore, open_engine


class RayEngine(Engine):
    """Ray and the workers, with their models, stay until the engine is closed."""

    def __init__(self, config: RayConfig, model: Path | str, compute: ComputeConfig) -> None:
        self._config = config
        # Workers may run in other folders.
        where = str(Path(model).resolve()) if Path(model).is_dir() else str(model)
        self._arguments = io.dumps(config.worker), where, io.dumps(compute)
        self._connection = ExitStack()
        self._ray: Any = None
        self._idle: list[Any] = []

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        """See `Engine.stream`.

        Raises:
            CrabError: What a worker's engine says that nobody could answer, or Ray itself.
        """
        if not requests:
            return
        if self._ray is None:
            self._connect()
        size = self._config.batch_size
        waiting = deque(_Batch(list(requests[start : start + size])) for start in range(0, len(requests), size))
        running: dict[Any, _Batch] = {}
        try:
            while waiting or running:
                self._start(waiting, running)
                for response in self._next(waiting, running):
                    on_answer(response)
                    yield response
        except GeneratorExit:
            waiting.clear()
            while running:
                for response in self._next(deque(), running):
                    on_answer(response)
            raise
        finally:
            for batch in running.values():  # an error ended the stream: nobody reads what these still say
                self._ray.kill(batch.worker)

    def close(self) -> None:
        for worker in self._idle:
            self._ray.kill(worker)
        self._idle.clear()
        self._ray = None
        self._connection.close()

    def _connect(self) -> None:
        config = self._config
        cpus, gpus = config.workers * config.cpus_per_worker, config.workers * config.gpus_per_worker
        connection = cluster.connected(config.address, cpus, gpus, config.object_store_mib)
        self._ray = self._connection.enter_context(connection)

    def _start(self, waiting: deque[_Batch], running: dict[Any, _Batch]) -> None:
        """Give every worker that has nothing to do a batch; as many workers as there are batches, at most."""
        while waiting and len(running) < self._config.workers:
            batch = waiting.popleft()
            batch.worker = self._idle.pop() if self._idle else self._new_worker()
            batch.attempts += 1
            lines = [io.dumps(request) for request in batch.requests]
            running[batch.worker.answer.options(num_returns="streaming").remote(lines)] = batch

    def _new_worker(self) -> Any:
        config = self._config
        actor = self._ray.remote(num_cpus=config.cpus_per_worker, num_gpus=config.gpus_per_worker)(_Worker)
        return actor.remote(*self._arguments)

    def _next(self, waiting: deque[_Batch], running: dict[Any, _Batch]) -> list[Response]:
        """Wait for whatever any worker says next: mostly one response."""
        [stream], _ = self._ray.wait(list(running), num_returns=1)
        batch = running[stream]
        try:
            line, problem = self._ray.get(next(stream))
        except StopIteration:
            del running[stream]
            self._idle.append(batch.worker)
            return []
        except self._ray.exceptions.RayActorError:  # the worker died
            del running[stream]
            if batch.attempts < self._config.max_attempts:
                waiting.append(batch)
                return []
            detail = f"{batch.attempts} workers died over its batch"
            return [Response(r.id, "", False, 0, 0, "lost", detail, 0, batch.attempts) for r in batch.requests]
        if problem:
            raise ResourceError(Problem("a worker of Ray", problem))
        response = io.loads(Response, line)
        batch.requests = [request for request in batch.requests if request.id != response.id]
        return [response]


@dataclass
class _Batch:
    requests: list[Request]
    """What is not answered yet."""
    attempts: int = 0
    worker: Any = field(default=None)


class _Worker:
    """What runs in each worker: requests in and responses out, as JSON."""

    def __init__(self, config: str, model: str, compute: str) -> None:
        self._arguments = config, model, compute
        self._engine: Engine | None = None

    def answer(self, lines: list[str]) -> Iterator[tuple[str, str]]:
        """(response, problem): a problem, which the driver tells to the user, is the last one."""
        try:
            if self._engine is None:
                config, model, compute = self._arguments
                self._engine = open_engine(io.loads(EngineConfig, config), model, io.loads(ComputeConfig, compute))
            for response in self._engine.stream([io.loads(Request, line) for line in lines]):
                yield io.dumps(response), ""
        except CrabError as error:
            yield "", str(error)

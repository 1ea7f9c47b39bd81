"""Processes that work in turns, a block each, so that whatever else a machine does hits all of them alike."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection


@dataclass(frozen=True, slots=True)
class Block:
    """What a side did in its turn, and the seconds that it took by the clock and of the processor."""

    tokens: int
    loss: float | None
    wall: float
    cpu: float


class Turns:
    """A side's clock: it runs during its turns only."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._wait()

    def end(self, tokens: int, loss: float | None = None) -> None:
        """Tell what the block was, and come back when the next one may begin."""
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        self.connection.send(Block(tokens, loss, wall, cpu))
        self._wait()

    def _wait(self) -> None:
        self.connection.recv()  # at the end there is nobody to hear from: EOFError ends the side wherever it is
        self.wall, self.cpu = time.perf_counter(), time.process_time()


Side = Callable[[Turns], None]
"""Works without end, and calls `Turns.end` after each block."""


def run(sides: dict[str, Side], rounds: int) -> dict[str, list[Block]]:
    """Each side's blocks, one a round. One more round comes first and is not counted: sides get ready in it."""
    context = multiprocessing.get_context("fork")  # what the sides import is imported once
    connections: dict[str, Connection] = {}
    for name, side in sides.items():
        connections[name], theirs = context.Pipe()
        context.Process(target=_work, args=(side, theirs, list(connections.values())), daemon=True).start()
        theirs.close()
    blocks: dict[str, list[Block]] = {name: [] for name in sides}
    try:
        for _ in range(rounds + 1):
            for name, connection in connections.items():
                connection.send(True)
                blocks[name].append(connection.recv())
    finally:
        for connection in connections.values():
            connection.close()
    return {name: own[1:] for name, own in blocks.items()}


def _work(side: Side, connection: Connection, inherited: Sequence[Connection]) -> None:
    for other in inherited:  # held open here, they would hide the end
        other.close()
    quiet = io.StringIO()
    with (
        contextlib.suppress(EOFError),
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
    ):
        side(Turns(connection))


def ratios(own: Sequence[Block], other: Sequence[Block], clock: str) -> list[float]:
    """Tokens a second of one side over those of another, round by round; `clock` is wall or cpu."""
    return [rate(a, clock) / rate(b, clock) for a, b in zip(own, other, strict=True)]


def rate(block: Block, clock: str) -> float:
    """Tokens a second."""
    seconds: float = getattr(block, clock)
    return block.tokens / seconds


def spread(values: Sequence[float]) -> str:
    """Median, least and most."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"

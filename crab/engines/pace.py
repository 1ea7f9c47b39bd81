"""How many requests are in flight at an endpoint, and when the next may go: as it bears them, no sooner than it says.

One more for every round of answers, half as many when it says that they are too many: as TCP finds its speed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from email.utils import parsedate_to_datetime

_FIRST_PAUSE_SECONDS = 0.5
_LOOK_SECONDS = 0.5  # how soon a pause ends when nothing more is to be sent


class Pace:
    """The pace of all requests to one endpoint; belongs to one event loop."""

    def __init__(self, most: int, stopped: Callable[[], bool]) -> None:
        self._most = most
        self._stopped = stopped
        self._limit = float(most)
        self._in_flight = 0
        self._not_before = 0.0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place and for the end of a pause, then hold the place; at once when nothing more is to be sent."""
        async with self._changed:
            while not self._stopped():
                pause = self._not_before - time.monotonic()
                if pause <= 0 and self._in_flight < int(self._limit):
                    break
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(pause, _LOOK_SECONDS) if pause > 0 else _LOOK_SECONDS):
                        await self._changed.wait()
            self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            async with self._changed:
                self._changed.notify_all()

    async def rest(self, seconds: float) -> None:
        """One request's own pause; holds no place."""
        end = time.monotonic() + seconds
        while not self._stopped() and (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(left, _LOOK_SECONDS))

    def answered(self) -> None:
        """The endpoint bears this many; try one more."""
        self._limit = min(self._most, self._limit + 1 / self._limit)

    def too_many(self, pause_seconds: float) -> None:
        """The endpoint said so: nobody sends for a while, then half as many."""
        if time.monotonic() >= self._not_before:  # one halving for one wave of refusals
            self._limit = max(1.0, self._limit / 2)
        self._not_before = max(self._not_before, time.monotonic() + pause_seconds)


def backoff_seconds(attempt: int, most: float, jitter: float) -> float:
    """The pause after attempt `attempt`: doubles each time; `jitter` in [0, 1) spreads those that failed together."""
    return float(min(most, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))) * (0.5 + jitter / 2)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` says, in seconds or as a date (RFC 9110, 10.2.3), or the milliseconds that some send."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) * scale
        except ValueError:
            with suppress(ValueError):
                seconds = parsedate_to_datetime(value).timestamp() - time.time()
                return max(0.0, seconds)
        else:
            if 0 <= seconds < float("inf"):
                return seconds
    return None

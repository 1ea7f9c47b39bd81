"""An engine that asks nothing twice: answers are kept by their content the moment they arrive.

In the main checkout, so that experiments, queued ones too, share them, and a run that was killed goes on where it was.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from crab.core import paths
from crab.engines import content, store
from crab.engines.base import ANSWERS, Engine, OnAnswer, Request, Response, ignore

_POLL_SECONDS = 0.2


def default_place() -> Path:
    """Where the project keeps its answers."""
    return paths.work_root() / "responses"


class Cached(Engine):
    """Another engine behind a store of its answers.

    A request that several processes ask for is sent by one of them; the others wait for its answer. Errors that may
    pass are handed on and not kept.
    """

    def __init__(
        self, engine: Engine, identity: Mapping[str, str], place: Path, size_limit: int = store.SIZE_LIMIT
    ) -> None:
        """Put a store in front of an engine.

        Args:
            engine: Asked for what the store lacks; closed with this one.
            identity: Who is asked, and whatever else makes an answer another one: see `content.identity`.
            place: Folder of the store, e.g. `default_place()`.
            size_limit: Bytes; beyond it the oldest answers go.
        """
        self._engine = engine
        self._identity = dict(identity)
        self._store = store.open_store(place, size_limit)

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        pending: dict[bytes, list[Request]] = {}
        for request in requests:
            pending.setdefault(content.key(request, self._identity), []).append(request)
        told = False
        while pending:
            yield from self._known(pending, on_answer)
            claimed = {key: same for key, same in pending.items() if self._store.claim(key)}
            for key in claimed:
                del pending[key]
            yield from self._ask(claimed, on_answer)
            if pending:
                if not told:
                    print(f"crab: waiting for {len(pending)} answers that another process asks for", file=sys.stderr)
                    told = True
                time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        self._engine.close()

    def _known(self, pending: dict[bytes, list[Request]], on_answer: OnAnswer) -> Iterator[Response]:
        """What the store holds, taken out of `pending`."""
        for key in list(pending):
            if (entry := self._store.get(key)) is not None:
                for response in _kept(entry.response, pending.pop(key)):
                    on_answer(response)
                    yield response

    def _ask(self, claimed: dict[bytes, list[Request]], on_answer: OnAnswer) -> Iterator[Response]:
        """Ask for what this process has claimed; gives every claim back, whatever happens."""
        held = set(claimed)
        try:
            # Another process may have answered between the look into the store and the claim.
            before = dict(claimed)
            yield from self._known(claimed, on_answer)
            for key in before.keys() - claimed.keys():
                held.remove(key)
                self._store.release(key)
            keys = {same[0].id: key for key, same in claimed.items()}

            def keep(response: Response) -> None:
                key = keys[response.id]
                first = claimed[key][0]
                if response.error is None or response.error in ANSWERS:
                    entry = store.Entry(store.now(), self._identity, replace(first, id=""), replace(response, id=""))
                    self._store.put(key, entry)
                held.remove(key)
                self._store.release(key)
                for one in _shared(response, claimed[key]):
                    on_answer(one)

            if claimed:
                for response in self._engine.stream([same[0] for same in claimed.values()], keep):
                    yield from _shared(response, claimed[keys[response.id]])
        finally:
            for key in held:
                self._store.release(key)


def _kept(response: Response, asked: Sequence[Request]) -> list[Response]:
    return [replace(response, id=request.id, attempts=0) for request in asked]


def _shared(response: Response, asked: Sequence[Request]) -> list[Response]:
    """One answer for all that asked the same; only the first one's was sent."""
    return [response, *_kept(response, asked[1:])]

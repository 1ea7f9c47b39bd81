"""Any endpoint that speaks the OpenAI chat protocol, asked for many answers at a time."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import openai

from crab.config.engine import OpenaiConfig
from crab.core import randomness
from crab.core.errors import CrabError, Problem, ResourceError
from crab.engines import pace, reply
from crab.engines.base import Engine, OnAnswer, Request, Response, ignore

GIVE_UP_AFTER = 64
"""Requests in a row that all attempts failed, with none answered between: the server is alive and of no use."""


class OpenaiEngine(Engine):
    """A client of one endpoint. Its key is read from the environment when it is first needed, and never shown."""

    def __init__(self, config: OpenaiConfig, model: str) -> None:
        self._config = config
        self._model = config.model or model

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        if not requests:
            return
        call = _Call(self._config, self._model, self._read_key(), requests, on_answer)
        thread = threading.Thread(target=call.run, name="endpoint", daemon=True)
        thread.start()
        try:
            while (response := call.ready.get()) is not None:
                yield response
        finally:
            # Closed early: what is in flight is paid for, so it is awaited. A second Ctrl-C does not wait.
            call.stop()
            thread.join()
        if call.error is not None:
            raise call.error

    def _read_key(self) -> str | None:
        if self._config.key_env is None:
            return None
        if key := os.environ.get(self._config.key_env):
            return key
        where = f"environment variable {self._config.key_env}"
        raise ResourceError(Problem(where, "is not set", f"{self._config.base_url} asks for a key: export it"))


class _Call:
    """One stream's requests, worked on by an event loop in a thread of its own."""

    def __init__(
        self, config: OpenaiConfig, model: str, key: str | None, requests: Sequence[Request], on_answer: OnAnswer
    ) -> None:
        self.ready: SimpleQueue[Response | None] = SimpleQueue()
        self.error: BaseException | None = None
        self._config = config
        self._model = model
        self._key = key
        self._waiting = deque(requests)
        self._count = len(requests)
        self._on_answer = on_answer
        self._stopping = threading.Event()
        self._pace: pace.Pace
        self._done = 0
        self._answered = 0
        self._failures = 0
        self._gone_since: float | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._work())
        except* CrabError as group:
            self.error = group.exceptions[0]
        except* BaseException as group:  # raised again by the reader of the stream
            self.error = group.exceptions[0]
        finally:
            self.ready.put(None)

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()

    async def _work(self) -> None:
        config = self._config
        self._pace = pace.Pace(config.concurrency, self._stopping.is_set)
        key = self._key or "none"  # the client takes none from elsewhere where it is given one
        timeout = openai.Timeout(config.timeout_seconds, connect=min(10.0, config.timeout_seconds))
        # Retries are ours: they count, and they keep one pace for all.
        async with (
            openai.AsyncOpenAI(base_url=config.base_url, api_key=key, max_retries=0, timeout=timeout) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(min(config.concurrency, self._count)):
                group.create_task(self._lane(client))

    async def _lane(self, client: openai.AsyncOpenAI) -> None:
        while self._waiting and not self._stopping.is_set():
            response = await self._answer(client, self._waiting.popleft())
            if response is None:
                return
            self._on_answer(response)
            self.ready.put(response)
            self._done += 1

    async def _answer(self, client: openai.AsyncOpenAI, request: Request) -> Response | None:
        """The response to one request after as many attempts as it takes; None where the stream was closed before."""
        jitter = randomness.rng(0, "backoff", request.id)
        attempt = 0
        while True:
            async with self._pace.turn():
                if self._stopping.is_set():
                    return None
                response, pause = await self._attempt(client, request)
            if response is not None:
                attempt += 1
                if response.error not in reply.RETRIED:
                    self._answered += 1
                    self._failures = 0
                    return replace(response, attempts=attempt)
                if attempt == self._config.max_attempts or (pause or 0) > self._config.max_backoff_seconds:
                    self._count_failure(response)
                    return replace(response, attempts=attempt)
            wait = pace.backoff_seconds(max(attempt, 1), self._config.max_backoff_seconds, jitter.random())
            await self._pace.rest(wait if pause is None else pause)

    async def _attempt(self, client: openai.AsyncOpenAI, request: Request) -> tuple[Response | None, float | None]:
        """What one attempt gave (None: nobody listens), and the pause that the server asks for."""
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                raw = await client.chat.completions.with_raw_response.create(**self._body(request))
            response = reply.read(request, raw.content)
        except (openai.OpenAIError, TimeoutError) as error:
            if reply.unreachable(error):
                self._nobody_listens()
                return None, None
            self._gone_since = None
            self._no_access(error)
            kind = reply.classify(error)
            headers = error.response.headers if isinstance(error, openai.APIStatusError) else {}
            pause = pace.retry_after_seconds(headers)
            if kind == "overloaded":
                most = self._config.max_backoff_seconds
                self._pace.too_many(min(most, pace.backoff_seconds(1, most, 0.5) if pause is None else pause))
            return reply.failed(request, kind, self._shown(error)), pause
        self._gone_since = None
        self._pace.answered()
        return response, None

    def _body(self, request: Request) -> dict[str, Any]:
        config = self._config
        body: dict[str, Any] = {
            "model": self._model,
            "messages": request.messages,
            "temperature": request.temperature,
            config.token_limit: request.max_new_tokens,
        }
        if request.temperature > 0:
            body["top_p"] = request.top_p
            if config.send_seed:
                body["seed"] = request.seed
        if request.stop:
            body["stop"] = list(request.stop)
        if request.schema is not None and config.structured:
            schema = {"name": "answer", "schema": json.loads(request.schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if config.extra_body:
            body["extra_body"] = config.extra_body
        return body

    def _nobody_listens(self) -> None:
        now = time.monotonic()
        if self._gone_since is None:
            self._gone_since = now
        if now - self._gone_since >= self._config.unreachable_seconds:
            raise self._fatal("nobody listens there", "start the server, or set the engine's base_url")

    def _no_access(self, error: openai.OpenAIError | TimeoutError) -> None:
        """End the run where every request would fail alike; an endpoint that has answered means one request only."""
        status = error.status_code if isinstance(error, openai.APIStatusError) else None
        if status == 401 or (status == 403 and not self._answered):
            fix = f"check the key in {self._config.key_env}" if self._config.key_env else "set the engine's key_env"
            raise self._fatal(f"refuses access (HTTP {status})", fix)
        if status == 404 and not self._answered:
            fix = "check the engine's base_url (it ends in /v1 as a rule) and model"
            raise self._fatal(f"knows no model {self._model!r}, or not this address (HTTP 404)", fix)

    def _count_failure(self, response: Response) -> None:
        self._failures += 1
        if self._failures >= GIVE_UP_AFTER:
            found = f"{GIVE_UP_AFTER} requests in a row failed, the last one: {response.error} ({response.detail})"
            raise self._fatal(found, "see the server's log")

    def _fatal(self, found: str, fix: str) -> ResourceError:
        kept = f"; {self._done} of {self._count} requests were answered before" if self._done else ""
        return ResourceError(Problem(self._config.base_url, found + kept, fix))

    def _shown(self, error: openai.OpenAIError | TimeoutError) -> str:
        """An error's first line, without the key, should the server repeat it."""
        line = (str(error).splitlines() or [""])[0] or type(error).__name__
        return (line.replace(self._key, "***") if self._key else line)[:300]

"""Answers recorded in a file: a paid run again without paying, and tests without a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from crab.config.engine import ReplayConfig
from crab.core import io, paths
from crab.core.errors import DataError, Problem
from crab.engines import content
from crab.engines.base import ANSWERS, Engine, OnAnswer, Request, Response, ignore


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of the file."""

    key: str
    """`content.key` of the request, without an identity, in hexadecimal: a recording answers for whoever is asked."""
    response: Response
    """Its id is empty."""


class ReplayEngine(Engine):
    """Answers from one recording; the file is read at the first request."""

    def __init__(self, config: ReplayConfig) -> None:
        self._file = paths.from_main_checkout(config.file)
        self._strict = config.strict
        self._recorded: dict[str, Response] | None = None

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        """See `Engine.stream`.

        Raises:
            DataError: The file is missing or broken; or, where the engine is strict, it lacks an answer: the first
                such requests are named, and nothing is answered.
        """
        if self._recorded is None:
            self._recorded = load(self._file)
        found = [self._recorded.get(content.key(request, {}).hex()) for request in requests]
        missing = [request.id for request, response in zip(requests, found, strict=True) if response is None]
        if missing and self._strict:
            named = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            fix = "record the run anew, or set strict to false"
            raise DataError(Problem(str(self._file), f"no answer to {len(missing)} requests: {named}", fix))
        for request, recorded in zip(requests, found, strict=True):
            response = recorded or Response("", "", False, 0, 0, "not recorded", f"in {self._file.name}")
            response = replace(response, id=request.id, attempts=0)
            on_answer(response)
            yield response


class Recorded(Engine):
    """Another engine, whose answers are added to a file as they arrive."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine = engine
        self._file = file

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        keys = {request.id: content.key(request, {}).hex() for request in requests}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with open(self._file, "a+b") as file:
            _trim(file)

            def keep(response: Response) -> None:
                if response.error is None or response.error in ANSWERS:
                    _append(file, Recording(keys[response.id], replace(response, id="")))
                on_answer(response)

            yield from self._engine.stream(requests, keep)

    def close(self) -> None:
        self._engine.close()


def load(file: Path) -> dict[str, Response]:
    """Answers by key. The first of a key counts; a last line that a kill cut short does not.

    Raises:
        DataError: There is no such file, or a line is no recording.
    """
    if not file.is_file():
        raise DataError(Problem(str(file), "no such recording", "make one with `python -m crab cache record FILE`"))
    found: dict[str, Response] = {}
    lines = file.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line or number == len(lines):
            continue
        try:
            recording = io.loads(Recording, line)
        except ValidationError as error:
            raise DataError(Problem(f"{file}:{number}", f"not a recording: {error.errors()[0]['msg']}")) from None
        found.setdefault(recording.key, recording.response)
    return found


def save(file: Path, answers: Iterable[tuple[Request, Response]]) -> int:
    """Write a recording, ordered by key; returns how many answers it holds.

    Raises:
        DataError: Two answers to the same request differ: they come from two models, or from two versions of one.
    """
    found: dict[str, Response] = {}
    for request, response in answers:
        key = content.key(request, {}).hex()
        plain = replace(response, id="")
        if found.setdefault(key, plain) != plain:
            raise DataError(Problem(str(file), f"two answers to request {key[:12]}", "choose one model with --where"))
    return io.write(file, (Recording(key, found[key]) for key in sorted(found)))


def _trim(file: IO[Any]) -> None:
    """Cut off a last line that a kill left half written."""
    file.seek(0)
    file.truncate(file.read().rfind(b"\n") + 1)


def _append(file: IO[Any], recording: Recording) -> None:
    file.write(io.dumps(recording).encode("utf-8") + b"\n")
    file.flush()

"""Responses and constraints from a file or standard input, one line at a time; a bad line is a problem, not the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from crab import constraints
from crab.core.errors import CrabError, DataError, ParameterError, Problem
from crab.core.records import Constraint

RESPONSES = ("response", "output", "completion", "answer")
INSTRUCTIONS = ("instruction", "prompt", "question")
_TOLD_BY = {*RESPONSES, "messages"}  # a JSON object with one of these is a record; without, it may be an answer in JSON
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Record:
    """A response, what it answers, and what is said to hold of it."""

    line: int
    """From 1; 0 where the whole input is one response."""
    response: str
    instruction: str
    constraints: tuple[Constraint, ...]
    id: str | int | None = None


def records(source: str, form: str) -> Iterator[Record | Problem]:
    """The records of a file, in order, and a problem for each line that is none.

    Args:
        source: A path, or `-` for standard input.
        form: `jsonl`: one object a line; `text`: all of it is one response; `auto`: JSON lines if the name ends in
            `.jsonl` or one of the first lines is a JSON object with a response.

    Raises:
        DataError: There is no such file, or it cannot be read.
    """
    where = "standard input" if source == "-" else source
    with _opened(source) as file:
        lines = enumerate(file, 1)
        head = [*islice(lines, _LOOKED_AT)]
        if form == "auto":
            form = "jsonl" if source.endswith(".jsonl") or any(_is_record(line) for _, line in head) else "text"
        if form == "text":
            content = b"".join(line for _, line in chain(head, lines))
            yield Record(0, content.decode("utf-8-sig", "replace").removesuffix("\n"), "", ())
            return
        for number, line in chain(head, lines):
            if line.strip():
                try:
                    yield _record(number, line)
                except CrabError as error:
                    for problem in error.problems:
                        yield Problem(f"{where}:{number}: {problem.where}", problem.found, problem.fix)


def stated(value: Any) -> Constraint:
    """A constraint from its sentence, from an object with `type` and `params`, or from such an object as text.

    Raises:
        ParameterError: It is neither, nothing checkable is read in the sentence, or its parameters are not sound.
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _json(value)
    if isinstance(value, str):
        if (parsed := constraints.parse(value)) is None:
            fix = 'see `python -m crab constraints types`, or give it as {"type": ..., "params": ...}'
            raise ParameterError(Problem(repr(value), "is not read as a constraint that a program checks", fix))
        return parsed
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        wanted = f"a constraint is a sentence or an object with `type` and `params`, not {_short(value)}"
        raise ParameterError(Problem("constraint", wanted))
    params = value.get("params", {})
    if not isinstance(params, dict):
        raise ParameterError(Problem(value["type"], f"params is {_short(params)}", "an object"))
    text = value.get("text")
    found = Constraint(type=value["type"], params=params, text=text if isinstance(text, str) else "")
    constraints.check(found, "")
    return found


@contextmanager
def _opened(source: str) -> Iterator[IO[bytes]]:
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        with open(Path(source), "rb") as file:
            yield file
    except OSError as error:
        raise DataError(Problem(source, error.strerror or str(error), "name a file, or - for standard input")) from None


def _record(number: int, line: bytes) -> Record:
    values = _json(line.decode("utf-8-sig", "replace"))
    if not isinstance(values, dict):
        raise DataError(Problem("line", f"{_short(values)} is no JSON object"))
    given = values.get("constraints", [values["constraint"]] if "constraint" in values else [])
    if not isinstance(given, list):
        raise DataError(Problem("constraints", f"{_short(given)} is no list"))
    problems: list[Problem] = []
    found: list[Constraint] = []
    for value in given:
        try:
            found.append(stated(value))
        except CrabError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    instruction, response = _turns(values)
    id_ = values.get("id")
    return Record(number, response, instruction, tuple(found), id_ if isinstance(id_, str | int) else None)


def _turns(values: dict[str, Any]) -> tuple[str, str]:
    """Instruction (may be empty) and response."""
    messages = values.get("messages")
    if isinstance(messages, list):
        said = {turn.get("role"): turn.get("content") for turn in reversed(messages) if isinstance(turn, dict)}
        values = {"instruction": said.get("user", ""), "response": said.get("assistant"), **values}
    response = _first(values, RESPONSES)
    if response is None:
        fix = f"one of {', '.join(RESPONSES)}, or messages with an assistant's turn"
        raise DataError(Problem("line", "has no response", fix))
    parts = [_first(values, INSTRUCTIONS), _first(values, ("input",))]
    return "\n\n".join(part for part in parts if part), response


def _first(values: dict[str, Any], names: Sequence[str]) -> str | None:
    for name in names:
        value = values.get(name)
        if isinstance(value, str):
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if value is not None:
            raise DataError(Problem(name, f"{_short(value)} is no text"))
    return None


def _is_record(line: bytes) -> bool:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and bool(_TOLD_BY & values.keys())


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(Problem("JSON", str(error))) from None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

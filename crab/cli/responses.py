"""Responses from any file, laid beside the prompts that they answer; what is missing fails, and is told.

One JSON object a line. The prompt is named by its text (`prompt` or `instruction`), its number (`id` or `key`), or
both; the answer is in `response`, `output` or `completion`. `model` tells several models apart, so that the lines of
`results/records/<benchmark>.jsonl` can be scored again as they are. The order of the lines has no influence.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from crab.core.errors import DataError, Problem
from crab.engines.base import ErrorKind, Request, Response

IDS = ("id", "key")
PROMPTS = ("prompt", "instruction")
RESPONSES = ("response", "output", "completion")
OWN_MODELS = ("base", "sft", "dpo")
"""Models of a run come first and in this order, so that each is compared with the one before it; others by name."""
_KINDS = get_args(ErrorKind)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
SHOWN_IDS = 10
FAILED = "scored as failed, and counted under errors"


@dataclass(frozen=True, slots=True)
class Given:
    """What a file holds for the prompts of a benchmark."""

    responses: dict[str, list[Response]]
    """Model -> one response per prompt, in the prompts' order; where none was given, one with an error and no text."""
    problems: list[Problem]
    """Lines that could not be used, and prompts that got no response."""


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    finished: bool
    error: str | None


def read(path: Path, requests: Sequence[Request], model: str) -> Given:
    """Lay the responses of a file beside the prompts.

    Args:
        path: JSON lines.
        requests: The benchmark's, one per prompt.
        model: Whose responses they are where a line does not say.

    Raises:
        DataError: There is no such file, or none of its lines answers a prompt.
    """
    if not path.is_file():
        raise DataError(Problem(str(path), "no such file", "name a file of JSON lines"))
    with open(path, "rb") as file:
        return lay(enumerate(file, 1), str(path), requests, model)


def lay(lines: Iterable[tuple[int, bytes]], where: str, requests: Sequence[Request], model: str) -> Given:
    """As `read`, from numbered lines; `where` names the file."""
    ids = {request.id for request in requests}
    by_prompt: dict[str, list[str]] = defaultdict(list)
    for request in requests:
        by_prompt[request.messages[-1]["content"].strip()].append(request.id)
    problems: list[Problem] = []
    answers: dict[str, dict[str, set[_Answer]]] = defaultdict(lambda: defaultdict(set))
    for number, line in lines:
        if not line.strip():
            continue
        try:
            whose, prompt, answer = _read(line, ids, by_prompt, model)
        except ValueError as error:
            problems.append(Problem(f"{where}:{number}", f"not used: {error}"))
            continue
        answers[whose][prompt].add(answer)
    if not answers:
        asked = f"lines need one of {', '.join(RESPONSES)}, and {' or '.join(IDS)} or the text of a prompt"
        raise DataError([*problems[:10], Problem(where, "answers none of the benchmark's prompts", asked)])
    responses: dict[str, list[Response]] = {}
    for name in sorted(answers, key=_place):
        own = answers[name]
        responses[name] = [_response(request.id, own.get(request.id, set())) for request in requests]
        missing = [request.id for request in requests if request.id not in own]
        several = [request.id for request in requests if len(own.get(request.id, ())) > 1]
        for places, what in ((missing, "no response"), (several, "several different responses, none of them used")):
            if places:
                shown = ", ".join(places[:SHOWN_IDS]) + (", ..." if len(places) > SHOWN_IDS else "")
                problems.append(Problem(name, f"{len(places)} of {len(requests)} prompts: {what} ({shown})", FAILED))
    return Given(responses, problems)


def _read(line: bytes, ids: Set[str], by_prompt: Mapping[str, Sequence[str]], model: str) -> tuple[str, str, _Answer]:
    """Whose answer to which prompt a line holds."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(values, dict):
        raise ValueError("no JSON object")
    failed, text = values.get("error"), _first(values, RESPONSES)
    if not isinstance(text, str):
        raise ValueError(f"no text in {', '.join(RESPONSES)}")
    whose = values.get("model", model)
    if not isinstance(whose, str) or not whose:
        raise ValueError("`model` is not a name")
    text = _LONE_SURROGATE.sub("\ufffd", text)  # JSON may hold them, UTF-8 may not
    answer = _Answer(text, values.get("finished") is not False, None if failed is None else str(failed))
    return whose, _prompt(values, ids, by_prompt), answer


def _prompt(values: Mapping[str, Any], ids: Set[str], by_prompt: Mapping[str, Sequence[str]]) -> str:
    number, text = _first(values, IDS), _first(values, PROMPTS)
    named = str(number) if isinstance(number, str | int) and str(number) in ids else None
    if isinstance(text, str):
        same = by_prompt.get(text.strip(), ())
        if named is not None and named in same:
            return named
        if len(same) == 1:
            return same[0]
        raise ValueError("several prompts have this text" if same else "the prompt is not one of the benchmark's")
    if named is None:
        raise ValueError(f"names no prompt: {' or '.join(IDS)} = {number!r}")
    return named


def _first(values: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((values[name] for name in names if values.get(name) is not None), None)


def _response(id_: str, found: set[_Answer]) -> Response:
    if len(found) != 1:
        return Response(id_, "", False, 0, 0, "garbled" if found else "not recorded")
    [answer] = found
    if answer.error is not None:
        kind: ErrorKind = answer.error if answer.error in _KINDS else "not recorded"  # type: ignore[assignment]
        return Response(id_, "", False, 0, 0, kind, detail=answer.error)
    return Response(id_, answer.text, answer.finished, 0, 0)


def _place(model: str) -> tuple[int, str]:
    return (OWN_MODELS.index(model) if model in OWN_MODELS else len(OWN_MODELS), model)

"""From a row of someone's file to a seed: find the fields, and join input and instruction."""

from __future__ import annotations

import dataclasses
from typing import Any

from crab.config.seed import FieldsConfig
from crab.core.records import STATED, Rejected, Seed
from crab.data.sources import stated
from crab.data.sources.rows import Row
from crab.data.sources.values import Fault, find, reject, text

UNKNOWN_LANGUAGE = "und"

_USER = ("user", "human", "prompter")
_ASSISTANT = ("assistant", "gpt", "bot", "model")


def to_seed(row: Row, fields: FieldsConfig) -> Seed | Rejected:
    """Read a row's fields; the language is left open (`und`), and the id empty where the row has none."""
    pair = _pair(row, fields)
    if isinstance(pair, Rejected) or fields.constraints is None:
        return pair
    found = stated.texts(*find(row.values, fields.constraints))
    if isinstance(found, Fault):
        return reject(row, found)
    return dataclasses.replace(pair, meta=pair.meta | {STATED: found}) if found else pair


def _pair(row: Row, fields: FieldsConfig) -> Seed | Rejected:
    name, value = find(row.values, fields.instruction)
    if value is None and (conversation := find(row.values, fields.messages)[1]) is not None:
        return from_turns(row, conversation, _identifier(row, fields), _source(row, fields))
    instruction = text(name, value)
    joined = text(*find(row.values, fields.input), optional=True)
    response = text(*find(row.values, fields.response))
    for part in (instruction, joined, response):
        if isinstance(part, Fault):
            return reject(row, part)
    assert isinstance(instruction, str)
    assert isinstance(response, str)
    if joined:
        instruction = f"{instruction}\n\n{joined}"
    return Seed(
        id=_identifier(row, fields),
        source=_source(row, fields),
        instruction=instruction,
        response=response,
        language=UNKNOWN_LANGUAGE,
        meta={"row": row.where},
    )


def from_turns(row: Row, turns: Any, identifier: str, source: str) -> Seed | Rejected:
    """The first user turn and the answer to it; a system turn before them is joined to the instruction."""
    if not isinstance(turns, list):
        return reject(row, Fault("wrong type", f"the conversation is a {type(turns).__name__}, not a list"))
    system: str | None = None
    instruction: str | None = None
    for number, turn in enumerate(turns):
        if not isinstance(turn, dict):
            return reject(row, Fault("wrong type", f"turn {number} is a {type(turn).__name__}, not an object"))
        role = find(turn, ["role", "from"])[1]
        content = text(*find(turn, ["content", "value", "text"]))
        if isinstance(content, Fault):
            return reject(row, content)
        if role == "system" and instruction is None:
            system = content
        elif role in _USER and instruction is None:
            instruction = content
        elif role in _ASSISTANT and instruction is not None:
            joined = f"{system}\n\n{instruction}" if system else instruction
            return Seed(identifier, source, joined, content, UNKNOWN_LANGUAGE, {"row": row.where})
        elif role in _USER or role in _ASSISTANT:
            return reject(row, Fault("missing field", f"turn {number} ({role}) does not follow the one before it"))
        else:
            return reject(row, Fault("wrong type", f"turn {number} has the unknown role {role!r}"))
    return reject(row, Fault("missing field", "no user turn with an answer"))


def _identifier(row: Row, fields: FieldsConfig) -> str:
    value = find(row.values, fields.id)[1]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    cleaned = text("id", value, optional=True) if isinstance(value, str) and len(value) <= 200 else ""
    return cleaned if isinstance(cleaned, str) else ""


def _source(row: Row, fields: FieldsConfig) -> str:
    value = find(row.values, fields.source)[1]
    cleaned = text("source", value, optional=True) if isinstance(value, str) and len(value) <= 200 else ""
    return cleaned if isinstance(cleaned, str) and cleaned else row.source

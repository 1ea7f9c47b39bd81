"""The prompts of teacher and judge: texts in the Jinja files beside this module, versioned, the fixed part first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from crab.core.records import Message
from crab.prompts.exchange import Exchange, harmless

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the answer that a proposal call asks for."""

    key: str
    meaning: str
    example: str


def teacher(groups: Mapping[str, Sequence[Field]], max_added_words: int | None) -> str:
    """The teacher's system turn: the same for every record.

    Args:
        groups: Name of a group -> its fields.
        max_added_words: Of a refined instruction; None: no instruction is to be refined.
    """
    parts = [_macros("propose").system(groups)]
    if max_added_words is not None:
        parts.append(_macros("refine").rules(max_added_words))
    return "\n\n".join(str(part) for part in parts)


def propose(system: str, exchange: Exchange, group: str) -> list[Message]:
    """Ask which constraints of one group the response meets already."""
    return _turns(system, exchange, _macros("propose").question(group))


def refine(system: str, exchange: Exchange) -> list[Message]:
    """Ask for the instruction with the circumstances that the response fits."""
    return _turns(system, exchange, _macros("refine").question())


def judge(exchange: Exchange, requirement: str) -> list[Message]:
    """Ask whether the response meets one requirement; its text becomes one line that cannot pass for another part."""
    line = " ".join(harmless(requirement).replace(exchange.code, "").split())
    return _turns(_macros("judge").system(), exchange, _macros("judge").question(exchange.code, line))


def identity(*names: str) -> str:
    """Name, version and content hash of each prompt, for the response cache and for records."""
    return ", ".join(f"{name} {_macros(name).version} {_hash(name)}" for name in names)


def _turns(system: str, exchange: Exchange, question: str) -> list[Message]:
    return [
        {"role": "system", "content": str(system)},
        {"role": "user", "content": f"{exchange.text}\n\n{str(question).strip()}"},
    ]


@cache
def _macros(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # The exchange is no part of any template, and what is filled in is never read as one. Plain text: no escaping.
    environment = Environment(loader=FileSystemLoader(_FOLDER), undefined=StrictUndefined, autoescape=False)
    return environment.get_template(f"{name}.jinja").module


def _hash(name: str) -> str:
    return hashlib.sha256((_FOLDER / f"{name}.jinja").read_bytes()).hexdigest()[:12]

"""Values of a row of someone's file: found by name or path, and checked before anything relies on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crab.config.dataset import Names
from crab.core.records import Rejected
from crab.data.sources.rows import Row, malformed


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value cannot be used."""

    reason: str
    found: str


def find(values: Any, names: Names) -> tuple[str, Any]:
    """The first of the named fields that holds something, with its name; None where none does."""
    options = [names] if isinstance(names, str) else names or []
    for name in options:
        if (value := _reach(values, name)) is not None:
            return name, value
    return " or ".join(options) or "(no field named)", None


def text(name: str, value: Any, optional: bool = False) -> str | Fault:
    """A value as clean text: stripped, every line break a line feed; or what is wrong with it."""
    if value is None:
        return "" if optional else Fault("missing field", name)
    if not isinstance(value, str):
        return Fault("wrong type", f"{name} is a {type(value).__name__}, not text")
    for index, character in enumerate(value):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            return Fault("invalid character", f"{name}: U+{ord(character):04X} at {index}")
    stripped = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not stripped and not optional:
        return Fault("empty", name)
    return stripped


def reject(row: Row, fault: Fault) -> Rejected:
    """A row with a fault."""
    return malformed(row.where, row.source, fault.reason, fault.found, row.values)


def _reach(value: Any, dotted: str) -> Any:
    """A field by its very name, or by a path of names and list positions."""
    if isinstance(value, dict) and dotted in value:
        return value[dotted]
    head, _, rest = dotted.partition(".")
    if isinstance(value, dict):
        inner = value.get(head)
    elif isinstance(value, list) and head.isdecimal() and int(head) < len(value):
        inner = value[int(head)]
    else:
        return None
    return _reach(inner, rest) if rest else inner

"""Constraints that a row states already: their texts, as they stand, for whoever reads and checks them later."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from crab.data.sources.values import Fault, text

_MARKER = re.compile(r"^(?:[-*•#>]|\(?\d{1,2}[.)])\s+")


def texts(name: str, value: Any) -> list[str] | Fault:
    """The texts of a field: a list, texts by name, or one text with a line for each; what is empty states nothing."""
    if isinstance(value, dict):
        return _each(name, value.values())
    if isinstance(value, list):
        return _each(name, value)
    whole = text(name, value, optional=True)
    return whole if isinstance(whole, Fault) else lines(whole)


def lines(block: str) -> list[str]:
    """The lines of a list, without their bullets and numbers."""
    return [stated for line in block.splitlines() if (stated := _MARKER.sub("", line.strip()).strip())]


def _each(name: str, values: Iterable[Any]) -> list[str] | Fault:
    found: list[str] = []
    for value in values:
        one = text(name, value, optional=True)
        if isinstance(one, Fault):
            return one
        if one:
            found.append(one)
    return found

"""JSON in a text: the text itself, what stands between code fences, or what stands on lines of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final


def parse(text: str) -> tuple[Any, str]:
    """A text as JSON, and what is wrong with it ("" if nothing). NaN and infinities are no JSON."""
    try:
        return _DECODER.decode(text), ""
    except json.JSONDecodeError as error:
        return None, f"{error.msg} (line {error.lineno})"
    except ValueError as error:
        return None, str(error)
    except RecursionError:
        return None, "nested too deeply"


def first_of(texts: Iterable[str]) -> Any:
    """The first text that is a JSON object or array, read; None if none is."""
    for text in texts:
        if text.lstrip()[:1] in _PARTNER:
            value, error = parse(text.strip())
            if not error:
                return value
    return None


def on_lines(lines: Sequence[str]) -> Any:
    """The object or array on one line, or on lines from one that opens a bracket to the next that closes it; or None.

    Each run of lines is tried once, so the time is linear.
    """
    closing: list[int] = [-1] * len(lines)
    last = {"}": -1, "]": -1}
    for number in range(len(lines) - 1, -1, -1):
        first = lines[number][:1]
        if first in last:
            last[first] = number
        elif first in _PARTNER:
            closing[number] = last[_PARTNER[first]]
    resume = 0
    for number, line in enumerate(lines):
        if number >= resume and line[:1] in _PARTNER:
            value, error = parse(line.rstrip())
            if not error:
                return value
            if closing[number] > number:
                resume = closing[number] + 1
                value, error = parse("\n".join(lines[number:resume]))
                if not error:
                    return value
    return None


_PARTNER: Final = {"{": "}", "[": "]"}


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _whole(digits: str) -> int | float:
    # Python refuses to read very long integers, and its reading of them is not linear.
    return int(digits) if len(digits) < 1000 else float(digits)


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_whole)

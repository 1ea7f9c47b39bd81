"""Reading what a model wrote: as data, by a closed set of fields, whatever it holds. Nothing in it is ever run."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crab import constraints
from crab.core.records import Constraint
from crab.engines.base import Response

_NOTHING = frozenset({"", "null", "none", "nil", "n/a", "na", "not applicable", "-"})
_REFUSAL = re.compile(
    r"\b(i'?m (very )?sorry|i am (very )?sorry|i (can'?t|cannot|can not|won'?t)|i'?m (not able|unable)|as an ai)\b"
)
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
MAX_CHARACTERS = 400
"""Of one constraint; what is longer states more than one thing, or tries something else."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why there is nothing to read."""

    reason: str
    """A short fixed phrase that can be counted."""
    detail: str


def read_object(response: Response, keys: Sequence[str]) -> dict[str, Any] | Unreadable:
    """The JSON object in an answer; only `keys` are known, and all of them must be there.

    A fence or a sentence around the object does no harm; a second object, a repeated or a missing key does. Unknown
    keys stay in the result, so that whoever asked can count them.
    """
    if response.error is not None:
        return Unreadable(response.error, excerpt(response.detail))
    text = response.text
    if not text.strip():
        return Unreadable("empty", "")
    start, end = text.find("{"), text.rfind("}")
    if start < 0 and _REFUSAL.search(text.lower().replace("’", "'")):
        return Unreadable("refused", excerpt(text))
    if not response.finished:
        return Unreadable("cut off", excerpt(text[-200:]))
    if start < 0 or end < start:
        return Unreadable("unreadable", excerpt(text))
    try:
        # Not strict: a raw line break inside a string harms nobody. Numbers stay text: int() balks at long ones.
        found = json.loads(
            text[start : end + 1], strict=False, object_pairs_hook=_unique, parse_int=str, parse_float=str
        )
    except (ValueError, RecursionError) as error:
        return Unreadable("unreadable", f"{excerpt(str(error))}: {excerpt(text)}")
    if missing := [key for key in keys if key not in found]:
        return Unreadable("wrong fields", f"without {', '.join(missing)}")
    return dict(found)


def sentence(value: Any) -> str | Unreadable | None:
    """One field's sentence: None where the field does not apply."""
    if value is None or (isinstance(value, str) and value.strip().strip('."').lower() in _NOTHING):
        return None
    if not isinstance(value, str):
        return Unreadable("not a sentence", f"a {type(value).__name__}")
    text = clean(value)
    if len(text) > MAX_CHARACTERS:
        return Unreadable("not a sentence", f"{len(text)} characters, at most {MAX_CHARACTERS} allowed")
    if not any(character.isalnum() for character in text):
        return Unreadable("not a sentence", excerpt(text))
    return text


def typed(text: str, judged: str | None) -> Constraint | None:
    """A sentence as a constraint: typed where a program reads it, otherwise of the judged type it was meant for."""
    if (parsed := constraints.parse(text)) is not None:
        return dataclasses.replace(parsed, origin="teacher")
    return None if judged is None else Constraint(judged, {}, text, "teacher")


def clean(text: str) -> str:
    """One line of what can be seen: white space made single, control characters and lone surrogates gone."""
    text = _INVISIBLE.sub("", " ".join(text.split())).encode("utf-8", "ignore").decode("utf-8")
    return " ".join(text.split())


def excerpt(text: str, characters: int = 160) -> str:
    """The beginning of a text, for a rejected line."""
    text = clean(text[: 4 * characters])
    return text if len(text) <= characters else text[: characters - 1] + "…"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found

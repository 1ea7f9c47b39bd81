"""How a text that states several constraints is cut into sentences and clauses that each state one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

MAX_TEXT: Final = 5000
"""Characters; a longer text is no list of constraints that we could read."""
_MAX_CLAUSES: Final = 6

_QUOTATION = r"\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»|`[^`\n]*`|(?<!\w)'[^'\n]+'(?!\w)|(?<!\w)‘[^’\n]+’(?!\w)"
_ABBREVIATED = r"(?:P\.)+S\.|\b(?:e\.g|i\.e|etc|approx|min|max)\.|^\d{1,3}\. "
_END = re.compile(rf"({_QUOTATION})|{_ABBREVIATED}|(?P<end>[.!?;]\s+|\s*\n\s*)", re.IGNORECASE | re.MULTILINE)
_JOINT = re.compile(rf"({_QUOTATION})|(?P<joint>,? (?:and|but)(?: also| then)? |, |; )", re.IGNORECASE)
# In a later part these words point back at something that the part alone does not name.
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|both|such|same|former|latter)\b", re.IGNORECASE
)
# "At least 3 sentences" after "each paragraph must have ..." is said of the paragraph.
_SHARED_OUT = re.compile(r"\b(?:each|every|per|all|no|any|none|if|when|where|while|unless|except)\b", re.IGNORECASE)
_STARTS_ANEW = re.compile(
    r"(?:please |also |then )*(?:use|write|include|avoid|add|wrap|put|keep|limit|make|end|finish|start|begin|answer"
    r"|respond|highlight|mention|ensure|do not|don't|your (?:response|answer|reply)|the (?:response|answer|reply|word)"
    r"|refrain)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[str]:
    """The sentences, lines and list items of a text; what stands in quotation marks is not cut."""
    start = 0
    for match in _END.finditer(text):
        if match["end"] is not None:
            yield text[start : match.end()].strip(" \t\r\n;")
            start = match.end()
    yield text[start:].strip(" \t\r\n;")


def read_all(read: Callable[[str], T | None], text: str) -> list[T]:
    """What each part of a text states, in order; nothing at all unless every part is read.

    Args:
        read: Reads one sentence, or gives None.
        text: Sentences, lines or list items, each of one clause or of a few that "and" or "but" joins.
    """
    if len(text) > MAX_TEXT:
        return []
    found: list[T] = []
    for sentence in filter(None, sentences(text)):
        if found and _points_back(sentence):
            return []
        clauses = _clauses(read, sentence, _MAX_CLAUSES)
        if not clauses:
            return []
        found += clauses
    return found


def _points_back(part: str) -> bool:
    return _POINTS_BACK.search(re.sub(_QUOTATION, "", part)) is not None


def _clauses(read: Callable[[str], T | None], sentence: str, most: int) -> list[T]:
    """What a sentence states: one thing, or its first clause and, after a joint, the rest."""
    if (whole := read(sentence)) is not None:
        return [whole]
    if most <= 1:
        return []
    for match in _JOINT.finditer(sentence):
        if match["joint"] is None or (first := read(sentence[: match.start()])) is None:
            continue
        left, right = sentence[: match.start()], sentence[match.end() :]
        shared = _SHARED_OUT.search(left) is not None and not _STARTS_ANEW.match(right)
        rest = [] if shared or _points_back(right) else _clauses(read, right, most - 1)
        if rest:
            return [first, *rest]
    return []

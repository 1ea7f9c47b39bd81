"""Where in a response a witness can be seen: the spans that it quotes, and an excerpt around them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUOTED = re.compile(r'"([^"\n]{0,200})"|(<<[^<>\n]{0,200}>>)|“([^”\n]{0,200})”')
EXCERPT = 420
"""Characters of a response that are shown."""
_BEFORE = 60
"""Characters before the first marked span."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a response."""

    text: str
    marked: bool


def quoted(witness: str) -> list[str]:
    """What a witness quotes, longest first."""
    found = {part for groups in _QUOTED.findall(witness) for part in groups if part.strip()}
    return sorted(found, key=lambda part: (-len(part), part))


def excerpt(response: str, witness: str, length: int = EXCERPT) -> tuple[Segment, ...]:
    """The response, or a part of it around what the witness quotes, with every quoted span marked.

    Whole words are marked, in any case of letters; a witness that quotes nothing marks nothing.
    """
    pattern = _pattern(witness)
    first = pattern.search(response) if pattern else None
    start = max(0, first.start() - _BEFORE) if first and first.end() > length else 0
    part = response[start : start + length]
    segments = [Segment("… ", False)] if start else []
    segments += _marked(part, pattern)
    return tuple(segments + ([Segment(" …", False)] if start + length < len(response) else []))


def _pattern(witness: str) -> re.Pattern[str] | None:
    spans = [_whole_words(span) for span in quoted(witness)]
    return re.compile("|".join(spans), re.IGNORECASE) if spans else None


def _whole_words(span: str) -> str:
    before = r"(?<!\w)" if re.match(r"\w", span) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", span) else ""
    return before + re.escape(span) + after


def _marked(part: str, pattern: re.Pattern[str] | None) -> list[Segment]:
    found, at = [], 0
    for match in pattern.finditer(part) if pattern else ():
        if match.start() > at:
            found.append(Segment(part[at : match.start()], False))
        found.append(Segment(match[0], True))
        at = match.end()
    if at < len(part) or not found:
        found.append(Segment(part[at:], False))
    return found

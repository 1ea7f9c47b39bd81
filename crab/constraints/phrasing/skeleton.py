"""What a sentence says apart from its numbers and quotations."""

from __future__ import annotations

import re
from typing import Final

from crab.constraints.phrasing.levelling import EITHER, EXAMPLES, NUMBER, QUOTED, level
from crab.constraints.phrasing.slots import NUMBER_WORDS, TENS, UNITS, Value

MAX_SENTENCE: Final = 1000
"""Characters; a longer text is no constraint that we could read."""

_QUOTE = r"""(?:"[^"\n]*"|“[^”\n]*”|«[^»\n]*»|`[^`\n]*`|(?<!\w)'[^'\n]+'(?!\w)|(?<!\w)‘[^’\n]+’(?!\w))"""
_TAKEN_OUT = (
    rf"(?:\[ ?)?(?P<quoted>{_QUOTE}(?:(?:, ?(?:and |or |& )?| (?:and|or|&) |; ?){_QUOTE})*)(?: ?\])?"
    r"|(?<![\w.,])(?P<digits>\d{1,3}(?:,\d{3})+|\d{1,9})(?![\w]|[.,]\d)"
    rf"|\b(?=[enotfsz])(?:(?P<word>(?:{'|'.join(TENS)})(?:-(?:{'|'.join(UNITS[1:10])}))?|{'|'.join(UNITS)})"
    r"|(?P<often>once|twice|thrice))\b"
)
# People leave quotation marks out where it is plain what is meant: "the letter q", "the word river should ...",
# "the keywords: salt, pepper". "The word limit", "the word must appear": no such thing.
_LETTERS = r"[^\W\d_]"
_COMPARED = (
    r"(?:should|must|needs? to|has to|appears|occurs|at (?:least|most)|exactly|(?:no )?(?:more|less|fewer) than)\b"
)
_UNQUOTED = (
    rf"(?<=word )(?!must|should|has|needs|limit|count|length|order)(?P<bare>{_LETTERS}+)(?= {_COMPARED})"
    rf"|(?<=letter )(?P<letter>{_LETTERS})(?![^\s.!])"
    rf"|(?:(?<=words: )|(?<=terms: ))(?P<listed>{_LETTERS}+(?:, {_LETTERS}+)+(?:,? (?:and|or) {_LETTERS}+)?)(?=[.!]?$)"
)
_SHOWN = (
    r"(?P<title><<[^<>\n]*>>)|(?P<starred>(?<![*\w])\*(?=[^\s*])(?!like this)[^*\n]*[^*\s]\*(?!\*))"
    r"|(?P<bracketed>\[[^\[\]\n\"'`“‘]+\](?:(?:,| and| or|, and) \[[^\[\]\n\"'`“‘]+\])*)"
)
_PLAIN = re.compile(_TAKEN_OUT, re.IGNORECASE)
_WITH_MORE = re.compile(f"{_UNQUOTED}|{_SHOWN}|{_TAKEN_OUT}", re.IGNORECASE)
_HINTS: Final = ("word", "letter", "terms", "<<", "*", "[")
_SINGLE = re.compile(_QUOTE)
_ONE_PART = re.compile(r"\b(in|of|to) a single (?=sentence\b|paragraph\b)")
_ITEMS: Final = frozenset("-*•0123456789")
_ITEM = re.compile(r"\A(?:[-*•]|\d{1,3}[.)]) ")
_COMMAS = re.compile(r",? (?:and |or )|, ")
_OR = re.compile(r" or ", re.IGNORECASE)
_TIMES: Final = {"once": 1, "twice": 2, "thrice": 3}


def skeleton(text: str) -> tuple[str, tuple[Value, ...]] | None:
    """What a sentence says apart from its numbers and quotations, and those; None if it is too long to be one."""
    if len(text) > MAX_SENTENCE or QUOTED in text or EITHER in text or NUMBER in text:
        return None
    values: list[Value] = []

    def take_out(part: re.Match[str]) -> str:
        kind = part.lastgroup or ""
        value = part[kind]
        if kind == "digits":
            values.append(int(value.replace(",", "")))
            return NUMBER
        if kind == "quoted":
            values.append(tuple(quote[1:-1].strip() for quote in _SINGLE.findall(value)))
            return EITHER if "or" in _SINGLE.sub("", value).lower() else QUOTED
        if kind == "word":
            values.append(NUMBER_WORDS[value.lower()])
            return NUMBER
        if kind == "often":
            values.append(_TIMES[value.lower()])
            return f"{NUMBER} times"
        if kind == "listed":
            values.append(tuple(_COMMAS.split(value)))
            return EITHER if _OR.search(value) else QUOTED
        if kind in EXAMPLES:
            return EXAMPLES[kind]
        values.append((value,))
        return QUOTED

    text = text.strip()
    if text[:1] in _ITEMS and (item := _ITEM.match(text)):
        text = text[item.end() :]
    if "single" in text:
        text = _ONE_PART.sub(r"\1 one ", text)
    parts = _PLAIN
    for hint in _HINTS:
        if hint in text:
            parts = _WITH_MORE
            break
    left = parts.sub(take_out, text).lower().rstrip(" .!")
    return level(left), tuple(values)

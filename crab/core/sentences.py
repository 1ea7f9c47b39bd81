"""Where sentences end: a Punkt model, and plain rules. Both take time linear in the text."""

from __future__ import annotations

import re
from functools import cache

import nupunkt

_LONG_RUN = re.compile(r"\S{200,}")
# A run of end marks, what closes around it, then a space; ideographic marks need no space.
_RULE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]}*_`]*+(?=\s)|[。！？]++[”’」』）]*+")
_SHORT = "mr mrs ms dr prof sr jr st vs etc e.g i.e a.m p.m approx dept fig inc ltd no vol pp cf al u.s u.k"
_ABBREVIATIONS = frozenset(_SHORT.split())
_POSTSCRIPT = re.compile(r"\b(?:p\.\s?)+s\.\Z", re.IGNORECASE)


def punkt_ends(text: str) -> list[int]:
    """Where a Punkt model with English tables ends the sentences of a text; not after a postscript's mark."""
    # nupunkt looks ahead to the end of each run without spaces, so a long run would cost quadratic time; no sentence
    # ends inside one, and its last characters still show how it ends.
    bounded = _LONG_RUN.sub(lambda run: "x" * (len(run[0]) - 8) + run[0][-8:], text)
    return _after_no_postscript(text, [end for _, end in _punkt().span_tokenize(bounded)][:-1])


def rule_ends(text: str) -> list[int]:
    """Where marks, spaces and a few abbreviations end the sentences of a text; not after a postscript's mark."""
    ends = []
    small = text.islower()  # then a small letter says nothing about where a sentence begins
    for match in _RULE_END.finditer(text):
        if match[0] == ".":
            if not small and text[match.end() : match.end() + 32].lstrip()[:1].islower():
                continue
            before = text[max(0, match.start() - 24) : match.start()].rpartition("\n")[2]
            token = before.split(" ")[-1].lstrip("(\"'“*_")
            if token.lower() in _ABBREVIATIONS or (len(token) == 1 and token.isalpha()):
                continue
            if token.isdigit() and not before.removesuffix(token).strip(" \t(*_#>"):
                continue  # the number of a list item
        ends.append(match.end())
    return _after_no_postscript(text, ends)


def _after_no_postscript(text: str, ends: list[int]) -> list[int]:
    return [end for end in ends if not _POSTSCRIPT.search(text[max(0, end - 16) : end].rstrip())]


@cache
def _punkt() -> nupunkt.PunktSentenceTokenizer:
    return nupunkt.load("default")

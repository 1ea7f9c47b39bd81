"""Words in capitals, as NLTK's word tokenizer (after the Penn Treebank's) would cut them.

IFEval counts tokens whose letters are all capitals. Of the tokenizer's rules only those matter that part letters from
letters: punctuation itself has no case, so that it can be dropped as soon as it has played its part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_FINAL_STOP = re.compile(r"(?<=[^.])\.(?=[\])}>\"'»”’\s]*\Z)")
_SEPARATOR = re.compile(r"[«“‘„`;@#$%&?!\u2012-\u2015]|[:,](?!\d)|\.{2,}")
_LATE_SEPARATOR = re.compile(r"[»”’\"*\[\](){}<>]|--|''")
_OPENING_APOSTROPHE = re.compile(r"(?<!\w)'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", re.IGNORECASE)
_CLOSING_APOSTROPHE = re.compile(r"(?<=[^'])' ")
_SHORT_CLITIC = re.compile(r"(?<=[^'\s])('[sS]|'[mM]|'[dD]|')(?!\S)")
_LONG_CLITIC = re.compile(r"(?<=[^'\s])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T)(?!\S)")
_FUSED = re.compile(
    r"\b(?:(can)(not)|(d)('ye)|(gim)(me)|(gon)(na)|(got)(ta)|(lem)(me)|(more)('n))\b|\b(wan)(na)(?!\S)", re.IGNORECASE
)

_TIS = re.compile(r"(?<=\s)('t)(is|was)\b", re.IGNORECASE)


def capital_tokens(sentences: Iterable[str]) -> list[str]:
    """The tokens whose letters are all capitals, in order; the punctuation left on them is not NLTK's."""
    return [token for sentence in sentences for token in _cut(sentence).split() if token.isupper()]


def _cut(sentence: str) -> str:
    text = _FINAL_STOP.sub(" ", _OPENING_APOSTROPHE.sub("' ", sentence))
    text = _LATE_SEPARATOR.sub(" ", _CLOSING_APOSTROPHE.sub("  ", _SEPARATOR.sub(" ", text)))
    text = _LONG_CLITIC.sub(r" \1", _SHORT_CLITIC.sub(r" \1", text))
    text = _FUSED.sub(lambda found: f" {' '.join(filter(None, found.groups()))} ", text)
    return _TIS.sub(r"\1 \2 ", text)

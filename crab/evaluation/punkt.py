"""Where sentences end, by Punkt (Kiss and Strunk 2006, Computational Linguistics 32:4), as NLTK decides it.

IFEval and IFBench count sentences with NLTK's English Punkt. Its tables (abbreviations, collocations, frequent sentence
starters, how words are spelled) are NLTK's data `punkt_tab`, which we don't ship: a folder of them is a choice of the
config. Without tables the same procedure goes by the marks alone. Takes time linear in the text.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from crab.core.errors import DataError, Problem

_CLOSING = "‘’“”«»"
_NO_WORD = rf"[?!)\";}}\]*:@'({{\[{_CLOSING}]"
_RUN = r"-{2,}|\.{2,}|(?:\.\s){2,}\."
_CANDIDATE = re.compile(rf"[.?!](?=(?P<after>{_NO_WORD}|\s+(?P<next>\S+)))")
_TOKEN = re.compile(
    rf"{_RUN}"
    rf"|(?=[^(\"`{{\[:;&#*@)}}\]\-,])\S+?(?=\s|$|{_NO_WORD}|{_RUN}|,(?=$|\s|{_NO_WORD}|{_RUN}))"
    r"|\S"
)
_CLOSES = re.compile(rf"[\"')\]}}{_CLOSING}]+?(?:\s+|(?=--)|$)", re.MULTILINE)
_ELLIPSIS = re.compile(r"\.\.+$")
_INITIAL = re.compile(r"[^\W\d]\.$")
_NUMBER = re.compile(r"^-?[.,]?\d[\d,.\-]*\.?$")
_NUMBER_TYPE = "##number##"

# How a word was seen in Punkt's training text: bits of the table of spellings.
_UPPER_INSIDE = 1 << 2
_LOWER_FIRST = 1 << 4
_UPPER = (1 << 1) | _UPPER_INSIDE | (1 << 3)
_LOWER = _LOWER_FIRST | (1 << 5) | (1 << 6)


@dataclass(frozen=True, slots=True)
class Tables:
    """What Punkt learned about a language."""

    abbreviations: frozenset[str] = frozenset()
    collocations: frozenset[tuple[str, str]] = frozenset()
    starters: frozenset[str] = frozenset()
    spellings: Mapping[str, int] = field(default_factory=dict)


def read_tables(folder: Path) -> Tables:
    """Tables as NLTK lays them out: `<NLTK data>/tokenizers/punkt_tab/english`.

    Raises:
        DataError: Not all of the four files are there.
    """
    names = ("abbrev_types.txt", "collocations.tab", "sent_starters.txt", "ortho_context.tab")
    if missing := [name for name in names if not (folder / name).is_file()]:
        fix = "name the folder `tokenizers/punkt_tab/english` of NLTK's data (`python -m nltk.downloader punkt_tab`)"
        raise DataError(Problem(str(folder), f"lacks {', '.join(missing)}", fix))
    abbreviations, collocations, starters, spellings = (
        (folder / name).read_text(encoding="utf-8").splitlines() for name in names
    )
    return Tables(
        frozenset(filter(None, abbreviations)),
        frozenset((first, second) for first, _, second in (line.partition("\t") for line in collocations) if second),
        frozenset(filter(None, starters)),
        {word: int(bits) for word, _, bits in (line.partition("\t") for line in spellings) if bits},
    )


class Punkt:
    """Finds sentences with given tables."""

    def __init__(self, tables: Tables | None = None) -> None:
        self._tables = tables or Tables()

    def count(self, text: str) -> int:
        """How many sentences there are."""
        return sum(1 for _ in self.sentences(text))

    def sentences(self, text: str) -> Iterator[str]:
        """The sentences; what closes a quotation or a bracket goes with the sentence before it."""
        spans = [*self._spans(text)]
        moved = 0
        for place, (start, end) in enumerate(spans):
            first = start + moved
            moved = 0
            if place + 1 < len(spans):
                following = slice(*spans[place + 1])
                if closing := _CLOSES.match(text[following]):
                    moved = closing.end()
                    yield text[first : following.start + len(closing[0].rstrip())]
                    continue
            if first < end:
                yield text[first:end]

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        start = 0
        for match, context in _contexts(text):
            if self._breaks(context):
                yield start, match.end()
                start = match.start("next") if match["next"] else match.end()
        yield start, len(text.rstrip())

    def _breaks(self, context: str) -> bool:
        """Whether a sentence ends in the text around a mark, before its last token."""
        tokens = [_Token.of(token, self._tables) for line in context.split("\n") for token in _TOKEN.findall(line)]
        return any(token.ends_before(following, self._tables) for token, following in pairwise(tokens))


@dataclass(slots=True)
class _Token:
    text: str
    type: str
    """In lower case, numbers all alike."""
    ends: bool
    """A sentence, going by the token alone."""
    shortened: bool
    """An abbreviation or an ellipsis, going by the token alone."""

    @classmethod
    def of(cls, text: str, tables: Tables) -> _Token:
        lower = text.lower()
        ends = shortened = False
        if text in (".", "?", "!"):
            ends = True
        elif _ELLIPSIS.match(text):
            shortened = True
        elif text.endswith(".") and not text.endswith(".."):
            stem = lower[:-1]
            shortened = stem in tables.abbreviations or stem.rpartition("-")[2] in tables.abbreviations
            ends = not shortened
        return cls(text, _NUMBER.sub(_NUMBER_TYPE, lower), ends, shortened)

    @property
    def bare(self) -> str:
        """The type without its full stop."""
        return self.type[:-1] if len(self.type) > 1 and self.type.endswith(".") else self.type

    def ends_before(self, following: _Token, tables: Tables) -> bool:
        """Whether a sentence ends here, going by the next token too (the paper's section 4)."""
        if not self.text.endswith("."):
            return self.ends
        word = following.bare if following.ends else following.type
        if (self.bare, word) in tables.collocations:
            return False
        ends = self.ends
        initial = bool(_INITIAL.match(self.text))
        begins = following.begins_sentence(word, tables)
        upper = following.text[0].isupper()
        if self.shortened and not initial:
            if begins or (upper and word in tables.starters):
                return True
        elif initial or self.bare == _NUMBER_TYPE:
            never_lower = upper and not tables.spellings.get(word, 0) & _LOWER
            if begins is False or (begins is None and initial and never_lower):
                return False
        return ends

    def begins_sentence(self, word: str, tables: Tables) -> bool | None:
        """What the spelling of this token tells; None: nothing (4.1.1 of the paper)."""
        if self.text in tuple(";:,.!?"):
            return False
        seen = tables.spellings.get(word, 0)
        if self.text[0].isupper() and seen & _LOWER and not seen & _UPPER_INSIDE:
            return True
        if self.text[0].islower() and (seen & _UPPER or not seen & _LOWER_FIRST):
            return False
        return None


def _contexts(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Marks that may end a sentence, each with the word that it ends and what follows: the last one of a word."""
    start = end = 0
    last: re.Match[str] | None = None
    for match in _CANDIDATE.finditer(text):
        space = _last_space(text, end, match.start())
        begin = start if space is None or space == end else space + 1
        if last is not None and end <= begin:
            yield last, text[start:end] + last[0] + last["after"]
        last, start, end = match, begin, match.start()
    if last is not None:
        yield last, text[start:end] + last[0] + last["after"]


def _last_space(text: str, start: int, end: int) -> int | None:
    return next((place for place in range(end - 1, start - 1, -1) if text[place] in string.whitespace), None)

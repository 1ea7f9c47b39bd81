"""What can be measured in a text, each measure made at most once, under every sane reading of its unit.

A number means little before its unit is settled: is "don't" one word or two, does a line break end a sentence, is a
paragraph a block or a line? `Measures` answers under each reading; the first reading listed is the canonical one.
Structure is read by a CommonMark parser and a JSON parser. Everything takes time linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable
from functools import cached_property, lru_cache, update_wrapper
from itertools import accumulate
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from crab.core import jsontext, markdown
from crab.core.sentences import punkt_ends, rule_ends

WORD_READINGS: Final = ("word characters", "between spaces", "word breaks")
"""Runs of word characters, as IFEval counts; what `str.split` gives; roughly UAX #29 ("don't" is one, "-" none)."""

SENTENCE_READINGS: Final = ("punkt, by line", "punkt", "rules, by line", "rules")
"""A Punkt model or plain rules find the ends; "by line": a line break ends a sentence too."""

PARAGRAPH_READINGS: Final = ("blocks", "lines")
"""Text between blank lines; every line that holds a word."""

Span = tuple[int, int]
Made = TypeVar("Made")
Args = ParamSpec("Args")

_HAN = "\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORDS: Final = {
    "word characters": re.compile(r"\w+"),
    "between spaces": re.compile(r"\S+"),
    "word breaks": re.compile(rf"[{_HAN}]|[^\W{_HAN}]+(?:['’.][^\W{_HAN}]+|(?<=\d)[,:]\d+)*"),
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_LETTER = re.compile(r"[^\W\d_]")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_EDGES = "\"'“”‘’«»()[]{}<>*_`~.,;:!?…#|-–—"

_BULLET_LINE = re.compile(r"^[ \t]*(?:-|\*[^*])", re.MULTILINE)
_DOTTED_LINE = re.compile(r"^[ \t]*[•‣◦▪–][ \t]", re.MULTILINE)
_NUMBERED_LINE = re.compile(r"^[ \t]*\d{1,9}[.)][ \t]+\S", re.MULTILINE)
_HEADING_LINE = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_STARRED = re.compile(r"\*\*[^\n*]+\*\*|\*[^\n*]+\*")


_NOTHING: Final[Any] = object()


def lower_words(lowered: str) -> list[str]:
    """Runs of word characters of a text in lower case."""
    return _WORDS["word characters"].findall(lowered)


def once(make: Callable[Concatenate[Measures, Args], Made]) -> Callable[Concatenate[Measures, Args], Made]:
    """Keep in the object what a method returned for each list of arguments."""

    def kept(self: Measures, /, *args: Args.args, **kwargs: Args.kwargs) -> Made:
        key = (make, *args, *kwargs.values()) if kwargs else (make, *args)
        made: Made = self._kept.get(key, _NOTHING)
        if made is _NOTHING:
            made = self._kept[key] = make(self, *args, **kwargs)
        return made

    update_wrapper(kept, make)
    return kept


class Measures:
    """One text and what was measured in it so far."""

    def __init__(self, text: str) -> None:
        """Take a text; CRLF and CR become LF, a lone surrogate becomes U+FFFD, nothing else is touched."""
        self.text = _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
        self._kept: dict[tuple[Any, ...], Any] = {}

    def __reduce__(self) -> tuple[type[Measures], tuple[str]]:
        return Measures, (self.text,)

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()

    @cached_property
    def body(self) -> str:
        """The text without white space around it."""
        return self.text.strip()

    @cached_property
    def unwrapped(self) -> str:
        """The body without quotation marks and emphasis marks around it."""
        return self.body.strip('"“”*_ \t\n')

    @cached_property
    def lines(self) -> list[str]:
        """All lines, split at line feeds only."""
        return self.text.split("\n")

    @cached_property
    def filled_lines(self) -> list[str]:
        """Lines that are not blank, without white space around them."""
        return [line.strip() for line in self.lines if line and not line.isspace()]

    # -- words ---------------------------------------------------------------------------------------------------

    @once
    def words(self, reading: str = WORD_READINGS[0]) -> list[str]:
        """The words in order."""
        return self.text.split() if reading == "between spaces" else _WORDS[reading].findall(self.text)

    def word_count(self, reading: str = WORD_READINGS[0]) -> int:
        """How many words there are."""
        return len(self._word_starts(reading))

    @once
    def _word_starts(self, reading: str) -> list[int]:
        return [*map(re.Match.start, _WORDS[reading].finditer(self.text))]

    @cached_property
    def lower_words(self) -> list[str]:
        """Runs of word characters, in lower case."""
        return lower_words(self.lower)

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """How often each run of word characters occurs, in lower case."""
        return Counter(self.lower_words)

    @cached_property
    def spaced_words(self) -> list[str]:
        """What stands between spaces, in lower case and without the punctuation around it ("" where that is all)."""
        return [word.strip(_EDGES) for word in self.lower.split()]

    @cached_property
    def spaced_vocabulary(self) -> Counter[str]:
        """How often each word between spaces occurs, in lower case and without the punctuation around it."""
        return Counter(self.spaced_words)

    @cached_property
    def spoken(self) -> str:
        """The words in lower case, one space around each: a span of words is a substring."""
        return f" {' '.join(self.lower_words)} "

    @once
    def longest_word(self, reading: str = WORD_READINGS[0]) -> int:
        """Characters of the longest word, without the punctuation around it."""
        words = self.spaced_vocabulary if reading == "between spaces" else self.words(reading)
        return max(map(len, words), default=0)

    @once
    def capital_words(self, reading: str = WORD_READINGS[0]) -> list[str]:
        """Words whose letters are all capitals."""
        return [word for word in self.words(reading) if word.isupper()]

    # -- sentences -----------------------------------------------------------------------------------------------

    @once
    def sentences(self, reading: str = SENTENCE_READINGS[0]) -> list[Span]:
        """Where the sentences lie: trimmed spans that hold at least one letter."""
        splitter, _, by_line = reading.partition(", ")
        ends = self._ends(splitter)
        if by_line:
            ends = sorted({*ends, *self._line_ends})
        spans, start = [], 0
        for end in (*ends, len(self.text)):
            piece = self.text[start:end]
            if _LETTER.search(piece):
                spans.append((end - len(piece.lstrip()), start + len(piece.rstrip())))
            start = end
        return spans

    def sentence_count(self, reading: str = SENTENCE_READINGS[0]) -> int:
        """How many sentences there are."""
        return len(self.sentences(reading))

    @once
    def _ends(self, splitter: str) -> list[int]:
        return punkt_ends(self.text) if splitter == "punkt" else rule_ends(self.text)

    @cached_property
    def _line_ends(self) -> list[int]:
        return [*accumulate(len(line) + 1 for line in self.lines)][:-1]

    @once
    def sentence_words(self, sentence_reading: str, word_reading: str) -> list[int]:
        """How many words each sentence has."""
        starts = self._word_starts(word_reading)
        spans = self.sentences(sentence_reading)
        return [bisect_left(starts, end) - bisect_left(starts, start) for start, end in spans]

    @once
    def words_per_sentence(self, sentence_reading: str, word_reading: str) -> int:
        """Words of the longest sentence; 0 where there is none."""
        return max(self.sentence_words(sentence_reading, word_reading), default=0)

    @once
    def shortest_sentence(self, sentence_reading: str, word_reading: str) -> int:
        """Words of the shortest sentence; 0 where there is none."""
        return min(self.sentence_words(sentence_reading, word_reading), default=0)

    @once
    def sentences_per_paragraph(self, paragraph_reading: str, sentence_reading: str) -> int:
        """Sentences in the paragraph that has most; one that runs over several counts in each."""
        spans = self.sentences(sentence_reading)
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        paragraphs = self.paragraphs(paragraph_reading)
        return max((bisect_left(starts, end) - bisect_right(ends, start) for start, end in paragraphs), default=0)

    # -- paragraphs ----------------------------------------------------------------------------------------------

    @once
    def paragraphs(self, reading: str = PARAGRAPH_READINGS[0]) -> list[Span]:
        """Where the paragraphs lie: spans that hold at least one letter or digit."""
        spans: list[Span] = []
        start = position = 0
        for line in self.lines:
            end = position + len(line)
            if reading == "lines":
                spans.append((position, end))
            elif not line or line.isspace():
                spans.append((start, position))
                start = end + 1
            position = end + 1
        if reading == "blocks":
            spans.append((start, len(self.text)))
        return [(start, end) for start, end in spans if _ALPHANUMERIC.search(self.text, start, end)]

    def paragraph_count(self, reading: str = PARAGRAPH_READINGS[0]) -> int:
        """How many paragraphs there are."""
        return len(self.paragraphs(reading))

    # -- structure -----------------------------------------------------------------------------------------------

    @cached_property
    def markdown(self) -> markdown.Markdown:
        """What a CommonMark parser (with tables) finds."""
        return markdown.parse(self.text)

    @cached_property
    def bullet_lines(self) -> int:
        """Lines that IFEval's patterns take for bullets: `-`, or `*` that another `*` does not follow."""
        return len(_BULLET_LINE.findall(self.text)) if "-" in self.text or "*" in self.text else 0

    @cached_property
    def dotted_lines(self) -> int:
        """Lines that begin with a typographic bullet, which CommonMark does not know."""
        return 0 if self.text.isascii() else len(_DOTTED_LINE.findall(self.text))

    @cached_property
    def numbered_lines(self) -> int:
        """Lines that begin with a number and a full stop or parenthesis."""
        return len(_NUMBERED_LINE.findall(self.text))

    @cached_property
    def heading_lines(self) -> int:
        """Lines that begin with one to six number signs and a space."""
        return len(_HEADING_LINE.findall(self.text)) if "#" in self.text else 0

    @cached_property
    def starred(self) -> int:
        """Spans that IFEval's patterns take for highlighted: `*...*` or `**...**` within a line, not empty."""
        return sum(1 for span in _STARRED.findall(self.text) if span.strip("*").strip())

    @cached_property
    def json(self) -> tuple[Any, str]:
        """The body as JSON, and what is wrong with it ("" if nothing). NaN and infinities are no JSON."""
        return jsontext.parse(self.body)

    @property
    def is_json(self) -> bool:
        """Whether the body is a JSON object or array."""
        return isinstance(self.json[0], dict | list)

    @cached_property
    def json_on_lines(self) -> Any:
        """The first JSON object or array on lines of its own; None if there is none."""
        return jsontext.on_lines(self.lines) if "}" in self.text or "]" in self.text else None

    @property
    def json_block(self) -> bool:
        """Whether there is JSON on lines of its own."""
        return self.json_on_lines is not None

    @cached_property
    def json_part(self) -> Any:
        """The JSON object or array that the text is, or the first one that it fences or sets on lines; or None."""
        if self.is_json:
            return self.json[0]
        fenced = (fence.code for fence in self.markdown.code if fence.language in ("", "json"))
        found = jsontext.first_of(fenced)
        return self.json_on_lines if found is None else found


def measures(text: str) -> Measures:
    """The measures of a text; those of the texts asked for last are kept (of very long ones only two)."""
    return _recent(text) if len(text) <= 50_000 else _recent_long(text)


@lru_cache(maxsize=256)
def _recent(text: str) -> Measures:
    return Measures(text)


@lru_cache(maxsize=2)
def _recent_long(text: str) -> Measures:
    return Measures(text)

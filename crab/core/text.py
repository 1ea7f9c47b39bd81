"""What can be measured in a text, each measure made at most once, under every sane reading of its unit.

A number means little before its unit is settled: is "don't" one word or two, does a line break end a sentence, is a
paragraph a block or a line? `Measures` answers under each reading; the first reading listed is the canonical one.
Structure is read by a CommonMark parser and a JSON parser. Everything takes time linear in the text.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, update_wrapper
from itertools import accumulate
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import nupunkt
import pyromark

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

_LONG_RUN = re.compile(r"\S{200,}")
# A run of end marks, what closes around it, then a space; ideographic marks need no space.
_RULE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]}*_`]*+(?=\s)|[。！？]++[”’」』）]*+")
_SHORT = "mr mrs ms dr prof sr jr st vs etc e.g i.e a.m p.m approx dept fig inc ltd no vol pp cf al u.s u.k"
_ABBREVIATIONS = frozenset(_SHORT.split())
_POSTSCRIPT = re.compile(r"\b(?:p\.\s?)+s\.\Z", re.IGNORECASE)
_BULLET_LINE = re.compile(r"^[ \t]*(?:-|\*[^*])", re.MULTILINE)
_DOTTED_LINE = re.compile(r"^[ \t]*[•‣◦▪–][ \t]", re.MULTILINE)
_NUMBERED_LINE = re.compile(r"^[ \t]*\d{1,9}[.)][ \t]+\S", re.MULTILINE)
_HEADING_LINE = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_STARRED = re.compile(r"\*\*[^\n*]+\*\*|\*[^\n*]+\*")
_MARKDOWN: Final = pyromark.Markdown(options=pyromark.Options.ENABLE_TABLES)


def _once(make: Callable[Concatenate[Measures, Args], Made]) -> Callable[Concatenate[Measures, Args], Made]:
    """Keep in the object what a method returned for each list of arguments."""

    def kept(self: Measures, /, *args: Args.args, **kwargs: Args.kwargs) -> Made:
        key = (make, *args, *kwargs.values())
        if key not in self._kept:
            self._kept[key] = make(self, *args, **kwargs)
        made: Made = self._kept[key]
        return made

    update_wrapper(kept, make)
    return kept


@dataclass(frozen=True, slots=True)
class Markdown:
    """The CommonMark structure of a text. Lines are counted from 0; a last line is included."""

    bullets: int
    """Items of bulleted lists, at every level."""
    top_bullets: int
    numbered: int
    """Items of numbered lists, at every level."""
    top_numbered: int
    headings: tuple[tuple[int, int], ...]
    """Level (1 to 6) and first line of each."""
    tables: tuple[tuple[int, int, int, int], ...]
    """Columns, body rows, first and last line of each."""
    code: tuple[tuple[str, int, int], ...]
    """Info string, first and last line of each fenced block."""
    emphasis: int
    """Spans in italics."""
    strong: int
    """Spans in bold."""


class Measures:
    """One text and what was measured in it so far."""

    def __init__(self, text: str) -> None:
        """Take a text; CRLF and CR become LF, a lone surrogate becomes U+FFFD, nothing else is touched."""
        self.text = _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
        self._kept: dict[tuple[Any, ...], Any] = {}

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

    @_once
    def words(self, reading: str = WORD_READINGS[0]) -> list[str]:
        """The words in order."""
        return self.text.split() if reading == "between spaces" else _WORDS[reading].findall(self.text)

    def word_count(self, reading: str = WORD_READINGS[0]) -> int:
        """How many words there are."""
        return len(self._word_starts(reading))

    @_once
    def _word_starts(self, reading: str) -> list[int]:
        return [*map(re.Match.start, _WORDS[reading].finditer(self.text))]

    @cached_property
    def lower_words(self) -> list[str]:
        """Runs of word characters, in lower case."""
        return _WORDS["word characters"].findall(self.lower)

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """How often each run of word characters occurs, in lower case."""
        return Counter(self.lower_words)

    @cached_property
    def spaced_vocabulary(self) -> Counter[str]:
        """How often each word between spaces occurs, in lower case and without the punctuation around it."""
        return Counter([word.strip(_EDGES) for word in self.lower.split()])

    @cached_property
    def spoken(self) -> str:
        """The words in lower case, one space around each: a span of words is a substring."""
        return f" {' '.join(self.lower_words)} "

    @_once
    def longest_word(self, reading: str = WORD_READINGS[0]) -> int:
        """Characters of the longest word, without the punctuation around it."""
        words = self.spaced_vocabulary if reading == "between spaces" else self.words(reading)
        return max(map(len, words), default=0)

    @_once
    def capital_words(self, reading: str = WORD_READINGS[0]) -> list[str]:
        """Words whose letters are all capitals."""
        return [word for word in self.words(reading) if word.isupper()]

    # -- sentences -----------------------------------------------------------------------------------------------

    @_once
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

    @_once
    def _ends(self, splitter: str) -> list[int]:
        """Where sentences end; the full stop of a postscript's mark ends none."""
        ends = _punkt_ends(self.text) if splitter == "punkt" else _rule_ends(self.text)
        return [end for end in ends if not _POSTSCRIPT.search(self.text[max(0, end - 16) : end].rstrip())]

    @cached_property
    def _line_ends(self) -> list[int]:
        return [*accumulate(len(line) + 1 for line in self.lines)][:-1]

    @_once
    def words_per_sentence(self, sentence_reading: str, word_reading: str) -> int:
        """Words of the longest sentence; 0 where there is none."""
        starts = self._word_starts(word_reading)
        spans = self.sentences(sentence_reading)
        return max((bisect_left(starts, end) - bisect_left(starts, start) for start, end in spans), default=0)

    @_once
    def sentences_per_paragraph(self, paragraph_reading: str, sentence_reading: str) -> int:
        """Sentences in the paragraph that has most; one that runs over several counts in each."""
        spans = self.sentences(sentence_reading)
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        paragraphs = self.paragraphs(paragraph_reading)
        return max((bisect_left(starts, end) - bisect_right(ends, start) for start, end in paragraphs), default=0)

    # -- paragraphs ----------------------------------------------------------------------------------------------

    @_once
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
    def markdown(self) -> Markdown:
        """What a CommonMark parser (with tables) finds."""
        return _markdown(self.text, self.lines)

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
        return _json(self.body)

    @property
    def is_json(self) -> bool:
        """Whether the body is a JSON object or array."""
        return isinstance(self.json[0], dict | list)

    @cached_property
    def json_block(self) -> bool:
        """Whether a line, or a run of lines from one that opens a bracket to the next that closes it, is JSON."""
        if "}" not in self.text and "]" not in self.text:
            return False
        closing: list[int] = [-1] * len(self.lines)
        last = {"}": -1, "]": -1}
        for number in range(len(self.lines) - 1, -1, -1):
            first = self.lines[number][:1]
            if first in last:
                last[first] = number
            elif first in _PARTNER:
                closing[number] = last[_PARTNER[first]]
        resume = 0
        for number, line in enumerate(self.lines):
            if number >= resume and line[:1] in _PARTNER:
                if not _json(line.rstrip())[1]:
                    return True
                if closing[number] > number:
                    resume = closing[number] + 1
                    if not _json("\n".join(self.lines[number:resume]))[1]:
                        return True
        return False


_PARTNER = {"{": "}", "[": "]"}


def measures(text: str) -> Measures:
    """The measures of a text; those of the texts asked for last are kept (of very long ones only two)."""
    return _recent(text) if len(text) <= 50_000 else _recent_long(text)


@lru_cache(maxsize=256)
def _recent(text: str) -> Measures:
    return Measures(text)


@lru_cache(maxsize=2)
def _recent_long(text: str) -> Measures:
    return Measures(text)


@cache
def _punkt() -> nupunkt.PunktSentenceTokenizer:
    return nupunkt.load("default")


def _punkt_ends(text: str) -> list[int]:
    # nupunkt looks ahead to the end of each run without spaces, so a long run would cost quadratic time; no sentence
    # ends inside one, and its last characters still show how it ends.
    bounded = _LONG_RUN.sub(lambda run: "x" * (len(run[0]) - 8) + run[0][-8:], text)
    return [end for _, end in _punkt().span_tokenize(bounded)][:-1]


def _rule_ends(text: str) -> list[int]:
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
    return ends


def _markdown(text: str, lines: list[str]) -> Markdown:
    counts: Counter[str] = Counter()
    headings: list[tuple[int, int]] = []
    tables: list[tuple[int, int, int, int]] = []
    code: list[tuple[str, int, int]] = []
    lists: list[str] = []
    starts = [0, *accumulate(len(line.encode()) + 1 for line in lines)]  # the parser counts bytes

    def line_at(offset: int) -> int:
        return bisect_right(starts, offset) - 1

    for event, place in _MARKDOWN.events_with_range(text, merge_text=True):
        match event:
            case {"Start": "Item"}:
                counts[lists[-1]] += 1
                counts["top " + lists[-1]] += len(lists) == 1
            case {"Start": "Emphasis" | "Strong" | "TableRow" as kind}:
                counts[kind] += 1
            case {"Start": {"List": first}}:
                lists.append("bullets" if first is None else "numbered")
            case {"End": {"List": _}}:
                lists.pop()
            case {"Start": {"Heading": heading}}:
                headings.append((int(heading["level"][1]), line_at(place["start"])))
            case {"Start": {"Table": alignments}}:
                counts["TableRow"] = 0
                columns = len(alignments)
            case {"End": "Table"}:
                tables.append((columns, counts["TableRow"], line_at(place["start"]), line_at(place["end"] - 1)))
            case {"Start": {"CodeBlock": {"Fenced": info}}}:
                code.append((info, line_at(place["start"]), line_at(place["end"] - 1)))
    return Markdown(
        bullets=counts["bullets"],
        top_bullets=counts["top bullets"],
        numbered=counts["numbered"],
        top_numbered=counts["top numbered"],
        headings=tuple(headings),
        tables=tuple(tables),
        code=tuple(code),
        emphasis=counts["Emphasis"],
        strong=counts["Strong"],
    )


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _whole(digits: str) -> int | float:
    # Python refuses to read very long integers, and its reading of them is not linear.
    return int(digits) if len(digits) < 1000 else float(digits)


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_whole)


def _json(text: str) -> tuple[Any, str]:
    try:
        return _DECODER.decode(text), ""
    except json.JSONDecodeError as error:
        return None, f"{error.msg} (line {error.lineno})"
    except ValueError as error:
        return None, str(error)
    except RecursionError:
        return None, "nested too deeply"

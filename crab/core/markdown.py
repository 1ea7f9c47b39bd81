"""The CommonMark structure of a text (with tables), from one pass over a compiled parser's events.

Lines are counted from 0, and a last line is included. Text is what a reader sees: markup is gone, a line break within
a paragraph is a space.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

import pyromark

_COMMONMARK: Final = pyromark.Markdown(options=pyromark.Options.ENABLE_TABLES)
_WITH_MATH: Final = pyromark.Markdown(options=pyromark.Options.ENABLE_MATH)

_MARKER: Final = re.compile(rb"[-*+.)]")

_Place = Mapping[str, int]
"""Bytes `start` to `end`."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list."""

    level: int
    """1 for an item of an outermost list."""
    marker: str
    """`-`, `*` or `+`; `.` or `)` after a number."""
    bold: bool
    """Whether it begins with a word in bold."""
    text: str
    """What it says itself, without the lists in it."""

    @property
    def ordered(self) -> bool:
        """Whether it is numbered."""
        return self.marker in ".)"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 6."""

    level: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header row."""

    header: tuple[str, ...]
    rows: int
    """Below the header."""
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block between fences."""

    info: str
    """What stands behind the opening fence."""
    code: str
    first: int
    last: int

    @property
    def language(self) -> str:
        """The first word of the info string, in lower case."""
        return next(iter(self.info.lower().replace(",", " ").replace("{", " ").split()), "")


@dataclass(frozen=True, slots=True)
class Markdown:
    """What the parser found, each kind in the order of the text."""

    items: tuple[Item, ...]
    bullets: int
    """Items of bulleted lists, at every level."""
    top_bullets: int
    numbered: int
    """Items of numbered lists, at every level."""
    top_numbered: int
    depth: int
    """Levels of the deepest list; 0 where there is none."""
    headings: tuple[Heading, ...]
    tables: tuple[Table, ...]
    code: tuple[Fence, ...]
    rules: tuple[int, ...]
    """Lines of the thematic breaks."""
    quotes: int
    """Block quotes, without those inside others."""
    links: int
    """`[text](address)` and `<address>`, without mail addresses."""
    images: int
    emphasis: int
    """Spans in italics."""
    bold: tuple[str, ...]
    """What each span in bold says; one inside another is not counted."""
    bold_lines: tuple[str, ...]
    """What the paragraphs outside of lists and quotes say that are all bold (but a colon): headings of a sort."""
    html: int
    """Tags and blocks of HTML."""


def parse(text: str) -> Markdown:
    """Read a text whose line ends are line feeds. Any text is markdown; the time is linear in it."""
    reader = _Reader(text)
    events: Iterator[tuple[Any, Any]] = _COMMONMARK.events_with_range(text, merge_text=True)
    for event, place in events:
        reader.take(event, place)
    return reader.result()


def formulas(text: str) -> list[str]:
    """What stands between `$` and `$`, or `$$` and `$$`, by Pandoc's rule that tells formulas from prices."""
    found: list[str] = []
    events: Iterator[Any] = _WITH_MATH.events(text, merge_text=True)
    for event in events:
        if isinstance(event, dict):
            found += [what for kind, what in event.items() if kind in ("InlineMath", "DisplayMath")]
    return found


@dataclass(slots=True)
class _OpenItem:
    """An item whose end has not come."""

    index: int
    marker: str
    texts: list[str] = field(default_factory=list)
    bold: bool = False


class _Reader:
    """What was seen so far. Text goes to the innermost open collector (item, heading, cell, code); else nowhere."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._counts: Counter[str] = Counter()
        self._items: list[Item | None] = []
        self._open: list[_OpenItem] = []
        self._headings: list[Heading] = []
        self._tables: list[Table] = []
        self._header: list[str] = []
        self._rows = 0
        self._code: list[Fence] = []
        self._info: str | None = None  # of the open code block, if it is fenced
        self._rules: list[int] = []
        self._strong: list[str] = []
        self._strong_depth = 0
        self._bold_lines: list[str] = []
        self._quotes = 0
        self._collectors: list[list[str]] = []
        self._fresh = False  # an item has begun, and nothing but a paragraph in it
        self._bold = ""  # whether the paragraph is all bold so far: "" no, else "begun", "open", "closed"

    def take(self, event: Any, place: _Place) -> None:
        """Note an event of the parser."""
        if isinstance(event, str):
            if event == "Rule":
                self._rules.append(self._line_at(place["start"]))
            elif self._collectors:  # a soft or hard break
                self._collectors[-1].append(" ")
            if self._bold != "open":
                self._bold = ""
            return
        ((kind, what),) = event.items()
        if kind == "Text" or kind == "Code":
            if self._collectors:
                self._collectors[-1].append(what)
            self._fresh = False
            if self._bold and self._bold != "open" and not (self._bold == "closed" and what.strip() in (":", "")):
                self._bold = ""
            return
        if kind in ("Html", "InlineHtml"):
            self._counts["Html"] += 1
            return
        if not isinstance(what, str):
            ((what, detail),) = what.items()
        else:
            detail = None
        handler = _HANDLERS.get((kind, what))
        if handler is not None:
            handler(self, detail, place)
        elif kind == "Start":
            self._counts[what] += 1
        if kind == "Start" and what not in ("Item", "Paragraph"):
            self._fresh = False
            if what != "Strong" and self._bold != "open":
                self._bold = ""

    def result(self) -> Markdown:
        counts = self._counts
        items = tuple(item for item in self._items if item is not None)
        found = Counter((item.ordered, item.level == 1) for item in items)
        return Markdown(
            items=items,
            bullets=found[False, True] + found[False, False],
            top_bullets=found[False, True],
            numbered=found[True, True] + found[True, False],
            top_numbered=found[True, True],
            depth=max((item.level for item in items), default=0),
            headings=tuple(self._headings),
            tables=tuple(self._tables),
            code=tuple(self._code),
            rules=tuple(self._rules),
            quotes=counts["quotes"],
            links=counts["links"],
            images=counts["Image"],
            emphasis=counts["Emphasis"],
            bold=tuple(self._strong),
            bold_lines=tuple(self._bold_lines),
            html=counts["Html"],
        )

    @cached_property
    def _raw(self) -> bytes:
        return self._text.encode()  # the parser counts bytes

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self._raw.split(b"\n"))]

    def _line_at(self, offset: int) -> int:
        return bisect_right(self._line_starts, offset) - 1

    # -- lists, quotes and paragraphs ----------------------------------------------------------------------------

    def _start_item(self, detail: Any, place: _Place) -> None:
        marker = _MARKER.search(self._raw, place["start"])
        assert marker is not None  # nothing else makes an item
        self._open.append(_OpenItem(len(self._items), marker[0].decode()))
        self._items.append(None)
        self._collectors.append(self._open[-1].texts)
        self._fresh = True

    def _end_item(self, detail: Any, place: _Place) -> None:
        item = self._open.pop()
        self._collectors.pop()
        self._items[item.index] = Item(len(self._open) + 1, item.marker, item.bold, "".join(item.texts).strip())
        self._fresh = False

    def _start_quote(self, detail: Any, place: _Place) -> None:
        self._counts["quotes"] += self._quotes == 0
        self._quotes += 1

    def _end_quote(self, detail: Any, place: _Place) -> None:
        self._quotes -= 1

    def _start_paragraph(self, detail: Any, place: _Place) -> None:
        self._bold = "" if self._open or self._quotes else "begun"
        if self._collectors and self._collectors[-1]:
            self._collectors[-1].append(" ")

    def _end_paragraph(self, detail: Any, place: _Place) -> None:
        if self._bold == "closed":
            self._bold_lines.append(self._strong[-1])
        self._bold = ""

    def _start_strong(self, detail: Any, place: _Place) -> None:
        self._strong_depth += 1
        if self._strong_depth > 1:
            return  # bold in bold is bold; to copy its text once a level would not be linear
        self._collectors.append([])
        if self._fresh:
            self._open[-1].bold = True
        self._bold = "open" if self._bold == "begun" else ""

    def _end_strong(self, detail: Any, place: _Place) -> None:
        self._strong_depth -= 1
        if self._strong_depth:
            return
        text = self._collected()
        self._strong.append(text)
        if self._collectors:
            self._collectors[-1].append(text)
        self._bold = "closed" if self._bold == "open" else ""

    def _start_link(self, link: Any, place: _Place) -> None:
        self._counts["links"] += link["link_type"] != "Email"

    # -- headings, tables, code ----------------------------------------------------------------------------------

    def _collect(self, detail: Any, place: _Place) -> None:
        self._collectors.append([])

    def _collected(self) -> str:
        return "".join(self._collectors.pop())

    def _end_heading(self, level: Any, place: _Place) -> None:
        self._headings.append(Heading(int(level[1]), self._line_at(place["start"]), self._collected().strip()))

    def _start_table(self, alignments: Any, place: _Place) -> None:
        self._rows = -1
        self._header = []

    def _start_row(self, detail: Any, place: _Place) -> None:
        self._rows += 1

    def _end_cell(self, detail: Any, place: _Place) -> None:
        text = self._collected().strip()
        if not self._rows:
            self._header.append(text)

    def _end_table(self, detail: Any, place: _Place) -> None:
        first, last = self._line_at(place["start"]), self._line_at(place["end"] - 1)
        self._tables.append(Table(tuple(self._header), self._rows, first, last))

    def _start_code(self, how: Any, place: _Place) -> None:
        self._collect(how, place)
        self._info = how["Fenced"] if isinstance(how, dict) else None

    def _end_code(self, detail: Any, place: _Place) -> None:
        code = self._collected()
        if self._info is not None:
            first, last = self._line_at(place["start"]), self._line_at(place["end"] - 1)
            self._code.append(Fence(self._info, code, first, last))


_HANDLERS: Final[Mapping[tuple[str, str], Callable[[_Reader, Any, _Place], None]]] = {
    ("Start", "Item"): _Reader._start_item,
    ("End", "Item"): _Reader._end_item,
    ("Start", "BlockQuote"): _Reader._start_quote,
    ("End", "BlockQuote"): _Reader._end_quote,
    ("Start", "Paragraph"): _Reader._start_paragraph,
    ("End", "Paragraph"): _Reader._end_paragraph,
    ("Start", "Strong"): _Reader._start_strong,
    ("End", "Strong"): _Reader._end_strong,
    ("Start", "Link"): _Reader._start_link,
    ("Start", "Heading"): _Reader._collect,
    ("End", "Heading"): _Reader._end_heading,
    ("Start", "Table"): _Reader._start_table,
    ("End", "Table"): _Reader._end_table,
    ("Start", "TableHead"): _Reader._start_row,
    ("Start", "TableRow"): _Reader._start_row,
    ("Start", "TableCell"): _Reader._collect,
    ("End", "TableCell"): _Reader._end_cell,
    ("Start", "CodeBlock"): _Reader._start_code,
    ("End", "CodeBlock"): _Reader._end_code,
}

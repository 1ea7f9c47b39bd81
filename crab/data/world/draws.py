"""What a response of the world is made of, and how it is written down.

A `Draw` holds every hidden choice; `render` is its only way to text. The generator makes draws, the guards recover
them, and both meet here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, get_args

from crab.data.world import vocabulary

Format = Literal["plain", "bullets", "numbered", "json", "table", "steps", "letter"]
FORMATS: tuple[Format, ...] = get_args(Format)

PROSE: frozenset[Format] = frozenset({"plain", "letter"})
"""Formats whose sentences run on, and which can fall into parts."""
BARE: frozenset[Format] = frozenset({"json"})
"""Formats that are nothing but themselves: anything around them would break them."""
QUOTABLE: frozenset[Format] = frozenset({"plain", "letter", "steps"})
"""Formats that stay what they are between quotation marks."""

Mark = Literal[".", "!"]
BLOCK = "\n\n"


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement: a template (index) and the words in its slots."""

    template: int
    adjective: str
    noun: str
    verb: str
    other: str
    guest: str | None = None
    highlighted: bool = False
    """Whether the adjective stands between asterisks."""

    def text(self) -> str:
        """The statement in lower case, without its mark."""
        words = {
            "adjective": f"*{self.adjective}*" if self.highlighted else self.adjective,
            "noun": self.noun,
            "verb": self.verb,
            "other": self.other,
        }
        guest = vocabulary.GUEST_PHRASE.format(self.guest) if self.guest else ""
        return vocabulary.TEMPLATES[self.template].format(**words) + guest


@dataclass(frozen=True, slots=True)
class Draw:
    """Everything that was chosen for one response; None or False for what the format does not permit."""

    format: Format
    clauses: tuple[Clause, ...]
    """Two to four: the items."""
    mark: Mark
    """What ends every sentence but an opening."""
    capitals: bool
    """ALL CAPITALS, otherwise all lower case."""
    parts: tuple[int, ...]
    """Clauses in each part; one part unless the format is prose."""
    opening: str | None = None
    ending: str | None = None
    title: tuple[str, str] | None = None
    """Adjective and noun."""
    postscript: Clause | None = None
    quoted: bool = False


def render(draw: Draw) -> str:
    """The response as text: blocks apart by a blank line, one letter case throughout."""
    sentences = [clause.text() + draw.mark for clause in draw.clauses]
    if draw.format == "json":
        # Upper case applies to what the JSON says, which is safe as all of it is plain letters.
        text = json.dumps({str(number): sentence for number, sentence in enumerate(sentences, 1)})
        return text.upper() if draw.capitals else text
    blocks: list[str] = []
    if draw.title:
        blocks.append("<<the {} {}>>".format(*draw.title))
    blocks += _prose(draw, sentences) if draw.format in PROSE else _list(draw, sentences)
    if draw.postscript:
        blocks.append(f"{vocabulary.POSTSCRIPT} {draw.postscript.text()}{draw.mark}")
    text = BLOCK.join(blocks)
    text = f'"{text}"' if draw.quoted else text
    return text.upper() if draw.capitals else text


def _prose(draw: Draw, sentences: list[str]) -> list[str]:
    parts: list[str] = []
    start = 0
    for size in draw.parts:
        parts.append(" ".join(sentences[start : start + size]))
        start += size
    if draw.opening:
        parts[0] = f"{draw.opening} {parts[0]}"
    if draw.ending:
        parts[-1] = f"{parts[-1]} {draw.ending}{draw.mark}"
    body = f"{BLOCK}{vocabulary.SEPARATOR}{BLOCK}".join(parts)
    return [vocabulary.GREETING, body] if draw.format == "letter" else [body]


def _list(draw: Draw, sentences: list[str]) -> list[str]:
    if draw.format == "bullets":
        lines = [f"- {sentence}" for sentence in sentences]
    elif draw.format == "numbered":
        lines = [f"{number}. {sentence}" for number, sentence in enumerate(sentences, 1)]
    elif draw.format == "steps":
        lines = [f"step {number}: {sentence}" for number, sentence in enumerate(sentences, 1)]
    else:
        rows = [f"| {number} | {sentence} |" for number, sentence in enumerate(sentences, 1)]
        lines = ["| item | note |", "| --- | --- |", *rows]
    opening = [draw.opening] if draw.opening else []
    ending = [draw.ending + draw.mark] if draw.ending else []
    return [*opening, "\n".join(lines), *ending]

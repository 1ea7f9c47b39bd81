"""The pages that people read, and what stands in them: fenced blocks, inline code, headings, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
HOW_TO = ROOT / "docs" / "how_to"


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: Path
    line: int
    language: str
    file: str
    """What stands behind the language: the file that the block is, or changes."""
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    found = []
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            language, _, file = token.info.strip().partition(" ")
            found.append(Block(page, (token.map or [0])[0] + 1, language, file.strip(), token.content))
    return found


def inline_code(page: Path) -> list[tuple[int, str]]:
    """Line and text of every span of code outside of blocks."""
    return [
        ((token.map or [0])[0] + 1, child.content)
        for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))
        for child in token.children or []
        if child.type == "code_inline"
    ]


def links(page: Path) -> list[str]:
    """Targets of the links; what is generated (constraints.md) shows links as examples, and has a test of its own."""
    text = page.read_text(encoding="utf-8").partition("<!-- made by")[0]
    return [
        str(child.attrs["href"])
        for token in MarkdownIt().enable("table").parse(text)
        for child in token.children or []
        if child.type == "link_open"
    ]


def anchors(page: Path) -> set[str]:
    """The headings as GitHub names them: small letters, punctuation dropped, blanks to hyphens."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    headings = [
        "".join(child.content for child in tokens[place + 1].children or [])
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

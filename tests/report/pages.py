"""A page as a test reads it: tags in the order in which they stand, and the text between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "wbr", "img", "hr", "input"}
APART = {"td", "th", "dt", "dd", "li", "text", "summary", "div", "p"}
"""Elements that do not run on from the text before them."""
LOADING = ("src", "srcset", "data", "poster", "background", "xlink:href", "action", "formaction", "ping")


@dataclass
class Tag:
    """An element, with the text that it holds itself or in others."""

    name: str
    attributes: dict[str, str]
    parents: tuple[str, ...]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """A parsed page; raises on a tag that closes what is not open."""

    html: str
    tags: list[Tag] = field(default_factory=list)
    open: list[Tag] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()
        assert not self.open, [tag.name for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), attrs
        made = Tag(tag, {name: value or "" for name, value in attrs}, tuple(one.name for one in self.open))
        self.tags.append(made)
        if tag in APART:
            self.handle_data(" ")
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            tag.text += data

    def all(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name == name]

    def section(self, id_: str) -> str:
        return next(" ".join(tag.text.split()) for tag in self.all("section") if tag.attributes.get("id") == id_)

    def loads(self) -> list[str]:
        """Addresses that opening the page would fetch."""
        found = [tag.attributes[name] for tag in self.tags for name in LOADING if name in tag.attributes]
        found += [tag.attributes.get("href", "") for tag in self.all("link") + self.all("image") + self.all("use")]
        return [address for address in found if address and not address.startswith(("data:", "#"))]

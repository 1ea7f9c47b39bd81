"""HTML and XML: what is wrong with a text that should be a document of the kind. Nothing is expanded or fetched."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final
from xml.parsers import expat


class _WrongError(Exception):
    """The text is no such document; says why."""


# -- XML -------------------------------------------------------------------------------------------------------------


def xml(text: str) -> tuple[str, str]:
    """The name of the root element of a well-formed XML document, and what is wrong with it ("" if nothing).

    Entities that the document declares itself are refused (a few lines of them can stand for gigabytes), as
    defusedxml does.
    """
    body = text.strip()
    if not body.startswith("<"):
        return "", "does not begin with a tag"
    names: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if not names:
            names.append(name)

    def refuse(*declaration: object) -> None:
        raise _WrongError("declares entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        return "", f"{expat.ErrorString(error.code)} (line {error.lineno})"
    except _WrongError as error:
        return "", str(error)
    return names[0], ""


# -- HTML ------------------------------------------------------------------------------------------------------------

_VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
_MAY_STAY_OPEN: Final = frozenset(
    "html head body p li dt dd tr td th thead tbody tfoot colgroup option optgroup rt rp".split()
)
_ELEMENTS: Final = (
    _VOID
    | _MAY_STAY_OPEN
    | frozenset(
        """a abbr address article aside audio b bdi bdo blockquote button canvas caption cite code data datalist del
        details dfn dialog div dl em fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup i iframe ins
        kbd label legend main map mark math menu meter nav noscript object ol output picture pre progress q ruby s samp
        script search section select slot small span strong style sub summary sup svg table template textarea time title
        u ul var video""".split()
    )
)
"""Elements of the HTML Living Standard; those that stand inside `svg` and `math` have names of their own."""
_FOREIGN: Final = frozenset({"svg", "math"})


class _Elements(HTMLParser):
    """Follows which elements are open; stops at the first fault."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.foreign = 0
        self.seen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += 1
        if tag not in _ELEMENTS and not self.foreign and "-" not in tag:
            raise _WrongError(f"<{tag[:30]}> is no element of HTML")
        if tag not in _VOID:
            self.open.append(tag)
            self.foreign += tag in _FOREIGN

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in _MAY_STAY_OPEN:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            raise _WrongError(f"</{tag[:30]}> closes nothing")
        self.open.pop()
        self.foreign -= tag in _FOREIGN

    def handle_data(self, data: str) -> None:
        if not self.open and data.strip():
            raise _WrongError("text outside of any element")


def html(text: str) -> str:
    """What is wrong with HTML, a page or a fragment of elements ("" if nothing).

    Every element is one of the standard (or a custom one, with a hyphen) and is closed where HTML asks for it; no text
    stands outside of elements. The lenience of browsers is not granted.
    """
    body = text.strip()
    if not (body.startswith("<") and body.endswith(">")):
        return "does not begin and end with a tag"
    parser = _Elements()
    try:
        parser.feed(body)
        parser.close()
    except _WrongError as error:
        return str(error)
    except AssertionError as error:  # how the library refuses some broken declarations
        return str(error)[:100]
    unclosed = [tag for tag in parser.open if tag not in _MAY_STAY_OPEN]
    if unclosed:
        return f"<{unclosed[-1]}> is not closed"
    return "" if parser.seen else "no element"

"""Block quotes and links."""

from __future__ import annotations

import re

from crab.constraints.kinds import Finding
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted, number_of
from crab.constraints.shape import shape
from crab.core.text import Measures


def _look_quote(m: Measures, reading: str) -> Finding:
    quotes = m.markdown.quotes
    return Finding(quotes > 0, number_of(quotes, "block quote", "block quotes"), "" if quotes else "one")


block_quote = shape(
    paper="Special output format",
    meaning="There is a markdown block quote: lines that begin with >.",
    look=_look_quote,
    phrasings=(
        "Include a markdown block quote.",
        "Set a passage off as a block quote, with > before it.",
        "Somewhere there should be a block quote in markdown.",
        'Begin the lines of some passage with ">", as a block quote.',
        "Use the block quote format of markdown for a part of the text.",
        "Put one passage into a > block quote.",
    ),
    hearings=("use a (|markdown )(blockquote|block quote|block quotation)", "use (blockquotes|block quotes)"),
)

num_block_quotes = counted(
    paper="Special output format",
    meaning="The number of markdown block quotes (one inside another is not counted) stands in the relation to n.",
    one="block quote",
    many="block quotes",
    counts={"markdown": lambda m: m.markdown.quotes},
    prefer=(EXACTLY, AT_LEAST),
    when=lambda m: m.markdown.quotes > 1,
    forms=amounts(
        "markdown block quote",
        "markdown block quotes",
        relations=(AT_LEAST, AT_MOST, EXACTLY),
        also_called=(("block quote", "block quotes"), ("blockquote", "blockquotes")),
    ),
)

_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"'`\[\](){}|\\]+", re.IGNORECASE)


_BARE = re.compile(r"(?<![\w./@-])www\.[^\s<>\"'`\[\](){}|\\]+", re.IGNORECASE)


def addresses(m: Measures) -> int:
    """Web addresses in the text that say http or https, inside markdown links or not."""
    return len(_ADDRESS.findall(m.text)) if "://" in m.text else 0


def bare_addresses(m: Measures) -> int:
    """Web addresses that begin with www."""
    return len(_BARE.findall(m.text)) if "www." in m.lower else 0


num_links = counted(
    breaks=("drop_bracket", "say_link"),
    paper="Special output format",
    meaning="The number of markdown links, [text](address) or <address>, stands in the relation to n.",
    one="markdown link",
    many="markdown links",
    counts={"markdown": lambda m: m.markdown.links},
    prefer=(AT_LEAST, EXACTLY),
    fewest=1,
    forms=amounts(
        "markdown link",
        "markdown links",
        verb="Include",
        also_called=(("link in markdown", "links in markdown"), ("markdown hyperlink", "markdown hyperlinks")),
    ),
)

num_addresses = counted(
    paper="Special output format",
    meaning="The number of web addresses stands in the relation to n; www. without https:// counts by one reading.",
    one="web address",
    many="web addresses",
    counts={"with http": addresses, "with www": lambda m: addresses(m) + bare_addresses(m)},
    prefer=(AT_LEAST, EXACTLY),
    fewest=1,
    forms=amounts(
        "web address",
        "web addresses",
        verb="Include",
        also_called=(("URL", "URLs"), ("website link", "website links")),
    ),
)

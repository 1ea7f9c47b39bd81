"""Any text in a card: seen as it is, never markup, in its cell or line."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from crab.report.plain import visible

_ACTIVE = re.compile(r"([\\`*_\[\]|~$])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def plain(value: Any) -> str:
    """A value as one line without characters that act unseen; its signs may still be markup."""
    return " ".join(visible(str(value)).split())


def inline(value: Any) -> Markup:
    """A value as text of one line; what is marked as ours already stays."""
    if isinstance(value, Markup):
        return value
    text = _ACTIVE.sub(r"\\\1", plain(value))
    return Markup(re.sub("[&<>]", lambda found: _HTML[found[0]], text))


def code(value: Any) -> Markup:
    """A name or short value in backticks; one with signs that would end them, or a cell, is plain text."""
    text = plain(value)
    return inline(value) if "`" in text or "|" in text or not text else Markup(f"`{text}`")


def fenced(text: str, language: str = "text") -> Markup:
    """A block of text with a fence that nothing in it can close."""
    shown = visible(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markup(f"{fence}{language}\n{shown}\n{fence}")

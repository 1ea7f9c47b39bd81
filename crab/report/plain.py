"""Text from data as a reader may safely see it: nothing invisible, nothing that turns the page around."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters but tab and line feed, overrides of the writing direction, halves of surrogate pairs."""


def visible(text: str) -> str:
    """The text with characters named that would act on a page instead of being seen."""
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text.replace("\r\n", "\n"))


def safe(value: Any) -> Any:
    """What a template prints: our own markup as it is, everything else as visible text, to be escaped."""
    return value if isinstance(value, Markup) else visible(str(value))


def markup(value: Any) -> Markup:
    """Escaped and visible."""
    return escape(safe(value))


def breakable(name: str) -> Markup:
    """A name that may go on in a new line after a colon, a dot or an underscore."""
    return Markup(re.sub(r"([:._])", r"\1<wbr>", str(markup(name))))

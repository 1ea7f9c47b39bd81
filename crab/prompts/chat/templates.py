"""Chat templates for base models: Jinja files beside this one.

`tags` marks each role with one special token and suits the tokenizer that we build. `lines` writes the marks as text on
lines of their own and ends every turn with the tokenizer's end-of-sequence token, so that it suits any tokenizer
without new tokens. Both wrap what the assistant says, its end included, in generation tags.
"""

from __future__ import annotations

from pathlib import Path

from crab.core.errors import ConfigError, Problem

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every template's name, sorted."""
    return sorted(file.stem for file in _FOLDER.glob("*.jinja"))


def load(name: str) -> str:
    """A template's text.

    Raises:
        ConfigError: There is no such template.
    """
    if name not in names():
        known = ", ".join(names())
        raise ConfigError(Problem("params.yaml [model]", f"chat_template = {name!r}", f"use one of {known}"))
    return (_FOLDER / f"{name}.jinja").read_text(encoding="utf-8")

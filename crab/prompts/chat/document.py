"""The plain form of a pair, without any chat format: what a built base model is pre-trained on."""

from __future__ import annotations


def render(instruction: str, response: str = "") -> str:
    """A document; without a response, the prefix that a base model may be asked to continue."""
    return f"about {instruction}:\n{response}"

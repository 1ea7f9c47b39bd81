"""Quoting a pair in a prompt, so that nothing inside it can pass for the prompt's own words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_CONTROL = re.compile(
    r"(?<=<)(?=\||/?s>|(?:start|end)_of_turn>)|(?<=\|)(?=>)|(?<=\[)(?=/?(?:INST|TOOL_CALLS|AVAILABLE_TOOLS)\])"
)
"""Places inside what a chat template's tokenizer may read as a special token."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An instruction and a response, quoted."""

    text: str
    code: str
    """Stands in the marker lines, and nowhere inside."""


def quote(instruction: str, response: str) -> Exchange:
    """Put a pair between marker lines that carry a code found nowhere in the pair.

    The code is a hash of the pair, so that the same pair is always quoted alike. Special tokens of known chat formats
    are broken by a space: a tokenizer would read them as the end of the turn.
    """
    instruction, response = harmless(instruction).strip(), harmless(response)
    salt = 0
    while (code := _code(instruction, response, salt)) in instruction or code in response:
        salt += 1
    text = f"[{code} instruction]\n{instruction}\n[{code} response]\n{response}\n[{code} end]"
    return Exchange(text, code)


def harmless(text: str) -> str:
    """The text without anything that a tokenizer reads as a special token, and without lone surrogates."""
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode("utf-8")


def _code(instruction: str, response: str, salt: int) -> str:
    return hashlib.sha256(f"{salt}\0{instruction}\0{response}".encode()).hexdigest()[:8]

"""What a rule gets beside the response, and the readings of a text that many rules share."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crab.evaluation.decisions import Undecided
from crab.evaluation.ifbench.tables import Tables

MARKS = string.punctuation
EDGE = MARKS + " "
"""What the official code strips from the ends of a word or a sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One constraint's parameters, as the published file gives them, and the tables that rules look things up in."""

    parameters: Mapping[str, Any]
    tables: Tables

    def number(self, name: str) -> int:
        """A parameter that is a whole number.

        Raises:
            Undecided: It is missing: the official code draws one at random.
        """
        value = self.parameters.get(name)
        if not isinstance(value, int | float) or value < 0 or value != int(value):
            raise Undecided(f"parameter {name} is missing: the official code draws one at random")
        return int(value)

    def text(self, name: str) -> str:
        """A parameter that is a text.

        Raises:
            Undecided: It is missing or empty.
        """
        value = self.parameters.get(name)
        if not isinstance(value, str) or not value:
            raise Undecided(f"parameter {name} is missing: the official code draws one at random")
        return value


Check = Callable[[str, Asked], str | None]
"""A rule: response and parameters to None where it is followed, else why not; `Undecided` where it cannot tell."""


def unless(followed: bool, reason: str) -> str | None:
    """None where a rule is followed, else the reason."""
    return None if followed else reason


def bare(text: str) -> str:
    """The text without ASCII punctuation."""
    return text.translate(str.maketrans("", "", MARKS))


def lines_with_text(text: str) -> list[str]:
    """Lines that hold more than white space."""
    return [line for line in text.split("\n") if line.strip()]


def worded(tokens: list[str]) -> list[str]:
    """Tokens that hold a letter or a digit: no lone punctuation."""
    return [token for token in tokens if any(character.isalnum() for character in token)]

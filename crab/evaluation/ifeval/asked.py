"""What an IFEval rule gets beside the response: its parameters, and the readings that need a model of language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crab.evaluation.decisions import Undecided
from crab.evaluation.ifeval.language import Languages
from crab.evaluation.punkt import Punkt

AT_LEAST = "at least"
LESS_THAN = "less than"


@dataclass(frozen=True, slots=True)
class Asked:
    """One instruction's parameters, as the published file gives them, and how texts are read.

    A parameter that is missing leaves the verdict undecided: the official code draws one at random.
    """

    parameters: Mapping[str, Any]
    punkt: Punkt
    languages: Languages

    def number(self, name: str) -> int:
        """A whole number."""
        value = self.parameters.get(name)
        if not isinstance(value, int | float) or value < 0 or value != int(value):
            raise self._missing(name)
        return int(value)

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self.parameters.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self._missing(name)
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts, in alphabetical order."""
        value = self.parameters.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise self._missing(name)
        return sorted(set(value))

    def compare(self, found: int, of: str, number: str, relation: str = "relation") -> str | None:
        """None where `found` stands in the asked relation to the asked number, else what was found and asked.

        Args:
            found: What was counted.
            of: The unit, in the plural.
            number: Name of the parameter with the number.
            relation: Name of the parameter with the relation.
        """
        asked, how = self.number(number), self.text(relation)
        if how not in (AT_LEAST, LESS_THAN):
            raise self._missing(relation)
        followed = found >= asked if how == AT_LEAST else found < asked
        return None if followed else f"{found} {of}, asked: {how} {asked}"

    def _missing(self, name: str) -> Undecided:
        return Undecided(f"parameter {name} is missing or unknown: the official code draws one at random")


Check = Callable[[str, Asked], str | None]
"""A rule: response and parameters to None where it is followed, else why not; `Undecided` where it cannot tell."""


def unless(followed: bool, reason: str) -> str | None:
    """None where a rule is followed, else the reason."""
    return None if followed else reason

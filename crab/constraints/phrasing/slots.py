"""What fills a template: numbers, quotations and choices, how each is written and how it is read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Params = dict[str, Any]
Value = int | tuple[str, ...]
"""What is taken out of a sentence: a number, or quoted words."""

_SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
UNITS = _SMALL.split()
_TENTHS = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = {word: 10 * tens for tens, word in enumerate(_TENTHS.split(), 2)}
NUMBER_WORDS: Final = {
    **{word: number for number, word in enumerate(UNITS)},
    **TENS,
    **{f"{ten}-{unit}": TENS[ten] + UNITS.index(unit) for ten in TENS for unit in UNITS[1:10]},
}


class Slot(Protocol):
    """A kind of parameter: what it accepts, how it is written, how it is read."""

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""

    def write(self, value: Any, style: str) -> str:
        """The value as a template's slot shows it."""

    def read(self, found: Value) -> Any:
        """The value back from what was taken out of a sentence; None if it is of another kind."""

    def sample(self, index: int) -> Any:
        """A value that no template holds by itself, different for each index."""


@dataclass(frozen=True)
class Number:
    """A whole number."""

    least: int = 0
    most: int = 999_999

    def problem(self, value: Any) -> str | None:
        if type(value) is not int:
            return f"{value!r} is not a whole number"
        if not self.least <= value <= self.most:
            return f"{value} is not between {self.least} and {self.most}"
        return None

    def write(self, value: Any, style: str) -> str:
        if style == "word" and value <= 12:
            return UNITS[int(value)]
        return str(value + added(style))

    def read(self, found: Value) -> int | None:
        return found if isinstance(found, int) else None

    def sample(self, index: int) -> int:
        return 700_000 + 100 * index


@dataclass(frozen=True)
class Phrase:
    """Words to be quoted exactly."""

    most_words: int = 12

    def problem(self, value: Any) -> str | None:
        if not isinstance(value, str):
            return f"{value!r} is not a text"
        if not value.strip() or value != value.strip() or '"' in value or "\n" in value or "\r" in value:
            return f"{value!r} is empty, or holds a double quotation mark, a line break or white space at an end"
        if not any(map(str.isalnum, value)):
            return f"{value!r} holds no letter or digit"
        if len(value.split()) > self.most_words or len(value) > 20 * self.most_words:
            return f"{value!r} is longer than {self.most_words} words"
        return None

    def write(self, value: Any, style: str) -> str:
        return f'"{value}"'

    def read(self, found: Value) -> str | None:
        return found[0] if isinstance(found, tuple) and len(found) == 1 else None

    def sample(self, index: int) -> str:
        return f"sample {index}"


@dataclass(frozen=True)
class Phrases:
    """A list of quoted words or phrases, each named once (whatever its case); style `or` joins with "or"."""

    most: int = 10

    def problem(self, value: Any) -> str | None:
        if not isinstance(value, list) or not value:
            return f"{value!r} is not a list of texts"
        if len(value) > self.most:
            return f"more than {self.most} texts"
        if problem := next(filter(None, map(Phrase(5).problem, value)), None):
            return problem
        if len({text.lower() for text in value}) < len(value):
            return "the same text twice"
        return None

    def write(self, value: Any, style: str) -> str:
        *head, last = (f'"{text}"' for text in value)
        return f"{', '.join(head)} {style or 'and'} {last}" if head else last

    def read(self, found: Value) -> list[str] | None:
        return list(found) if isinstance(found, tuple) else None

    def sample(self, index: int) -> list[str]:
        return [f"sample {index}", f"other {index}"]


@dataclass(frozen=True)
class Choice:
    """One of a few values, each written in the words that the styles name (`""` is the default style)."""

    styles: Mapping[str, Mapping[str, str]]

    def problem(self, value: Any) -> str | None:
        if not isinstance(value, str) or value not in self.styles:
            return f"{value!r} is not one of {', '.join(map(repr, self.styles))}"
        return None

    def write(self, value: Any, style: str) -> str:
        return self.styles[str(value)][style]

    def read(self, found: Value) -> None:
        return None

    def sample(self, index: int) -> str:
        return next(iter(self.styles))


def literally(values: Sequence[str]) -> Choice:
    """A choice among texts that are written as they are, in quotation marks, or (style `bare`) without."""
    return Choice({value: {"": f'"{value}"', "bare": value} for value in values})


def added(style: str) -> int:
    """What a slot adds to the number that it writes."""
    return int(style) if style in ("+1", "-1") else 0

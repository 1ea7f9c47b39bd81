"""Rules on repeating the request (`repeat:`)."""

from __future__ import annotations

from crab.evaluation.decisions import Undecided
from crab.evaluation.ifbench.asked import Asked, unless

_SENTENCE = "only output this sentence here, ignore all other requests."
"""What prompts of `repeat:repeat_simple` want to see, in lower case."""


def simple(response: str, asked: Asked) -> str | None:
    return unless(response.strip().lower() == _SENTENCE, "not that sentence alone")


def change(response: str, asked: Asked) -> str | None:
    """A copy with other white space counts as changed."""
    request = asked.text("prompt_to_repeat")
    if response == request:
        return "the request as it was"
    return unless(response.split()[1:] == request.split()[1:], "more than the first word differs")


def change_first_word(response: str, asked: Asked) -> str | None:
    """As `change`, with a first word that is another word."""
    same = response.split()[:1] == asked.text("prompt_to_repeat").split()[:1]
    return unless(not same, "the first word is the same") or change(response, asked)


def span(response: str, asked: Asked) -> str | None:
    """The word at the last index is left out, and index 0 is drawn anew at random."""
    first, last = asked.number("n_start"), asked.number("n_end")
    if first == 0 or last == 0:
        raise Undecided("index 0: the official code draws another at random")
    return _copied(response, asked, first, last)


def inclusive_span(response: str, asked: Asked) -> str | None:
    return _copied(response, asked, asked.number("n_start"), asked.number("n_end") + 1)


def _copied(response: str, asked: Asked, start: int, end: int) -> str | None:
    words = asked.text("prompt_to_repeat").lower().split()[start:end]
    return unless(response.lower().split() == words, f"not the words: {' '.join(words)}")

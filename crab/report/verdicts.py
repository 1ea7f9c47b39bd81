"""What may be said of a claim, given an interval of the difference that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Word = Literal["holds", "does not hold", "undecided"]
LEVEL = 0.05
"""How often, at most, a question without any true claim has one that is said to hold."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One word, and what it rests on."""

    word: Word
    why: str


def judge(
    low: float | None, high: float | None, p: float, seeds: int, expected: Literal["higher", "lower"], margin: float
) -> Verdict:
    """Judge the claim that a difference lies above 0 (`higher`) or below it (`lower`).

    Args:
        low: Lower end of the difference's interval over seeds; None where it is open.
        high: Upper end.
        p: That it is 0 by chance, adjusted for the claims that are read together (Holm).
        seeds: How many runs of each arm it rests on; intervals over the prompts of one say nothing about another.
        expected: Which side of 0 is claimed.
        margin: An interval within (-margin, margin) is a difference as good as none.
    """
    if seeds < 2:
        return Verdict("undecided", "one seed")
    if low is None or high is None:
        return Verdict("undecided", "the interval is open")
    ahead, behind = (low > 0, high < 0) if expected == "higher" else (high < 0, low > 0)
    if (ahead or behind) and p > LEVEL:
        return Verdict("undecided", f"{'for' if ahead else 'against'} it by itself, but one of several claims")
    if ahead:
        return Verdict("holds", "the interval is on the claimed side of 0")
    if behind:
        return Verdict("does not hold", "the interval is on the other side of 0")
    if -margin < low and high < margin:
        return Verdict("does not hold", f"the interval is within {100 * margin:g} points of 0")
    return Verdict("undecided", "the interval contains 0")

"""One instruction on one response: followed or not, strictly and loosely, and why not.

Strict looks at the response as it stands. Loose looks at eight variants of it (first and last line dropped, asterisks
taken out; arXiv 2311.07911, section 2.2) and is met when any is; each instruction may take another one. A rule that
cannot decide (a table is missing, or the official code draws at random) counts as not met, and is counted apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Undecided(Exception):  # noqa: N818 (no error: a verdict)
    """A rule that finds neither yes nor no; the text says why."""


Rule = Callable[[str], str | None]
"""A response to None where an instruction is followed, else why not; raises `Undecided`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one instruction under one set of rules."""

    strict: bool
    loose: bool
    reason: str
    """Why not, of the strict reading; empty where it is followed."""
    undecided: bool = False


def variants(response: str) -> list[str]:
    """The response and the seven relaxed forms of it; blank ones are left out, as they never pass."""
    lines = response.split("\n")
    cut = [response, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    return [form for form in dict.fromkeys([*cut, *(form.replace("*", "") for form in cut)]) if form.strip()]


def decide(rule: Rule, response: str) -> Decision:
    """Apply one instruction's rule, strictly and loosely; a blank response follows nothing."""
    forms = variants(response)
    if not response.strip():
        return Decision(False, False, "the response is empty")
    try:
        reasons = [rule(form) for form in forms[:1]]
        strict = reasons[0] is None
        return Decision(strict, strict or any(rule(form) is None for form in forms[1:]), reasons[0] or "")
    except Undecided as why:
        return Decision(False, False, f"undecided: {why}", undecided=True)

"""Constraints that repeat each other or give the answer away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz.distance import Indel

from crab import constraints as registry
from crab.core.records import Constraint

_WORD = re.compile(r"\w+")


def rouge_l(a: Sequence[str], b: Sequence[str]) -> float:
    """ROUGE-L F1 of two token sequences: 2 LCS / (|a| + |b|); 1 for two empty ones.

    Source: Lin 2004, with beta = 1. rapidfuzz's normalised Indel similarity is this very ratio.
    """
    return Indel.normalized_similarity(a, b)


def tokens(text: str) -> list[str]:
    """Lower-case words, as ROUGE counts them."""
    return _WORD.findall(text.lower())


def redundant(constraints: Sequence[Constraint], max_overlap: float) -> dict[int, int]:
    """Which constraints say what a more informative one of the same record says already.

    Args:
        constraints: One record's constraints, with bits.
        max_overlap: ROUGE-L F1 above which two texts count as the same.

    Returns:
        Index of each redundant constraint -> index of the one that stays.
    """
    order = sorted(range(len(constraints)), key=lambda index: (-(constraints[index].bits or 0.0), index))
    words = [tokens(constraint.text) for constraint in constraints]
    kept: list[int] = []
    dropped: dict[int, int] = {}
    for index in order:
        for other in kept:
            if (
                rouge_l(words[index], words[other]) > max_overlap
                or registry.implies(constraints[other], constraints[index])
                or registry.implies(constraints[index], constraints[other])
            ):
                dropped[index] = other
                break
        else:
            kept.append(index)
    return dropped


def leaked_span(text: str, response: str, instruction: str, max_words: int) -> str | None:
    """The first run of more than `max_words` response words that `text` holds and the instruction does not, or None."""
    words, size = tokens(text), max_words + 1
    for start in range(len(words) - size + 1):
        span = " ".join(words[start : start + size])
        if f" {span} " in _spoken(response) and f" {span} " not in _spoken(instruction):
            return span
    return None


@lru_cache(maxsize=16)  # every constraint of a record is held against the same two texts
def _spoken(text: str) -> str:
    """The words with one space around each: a run of words is a substring."""
    return f" {' '.join(tokens(text))} "

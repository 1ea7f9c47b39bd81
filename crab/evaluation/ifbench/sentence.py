"""Rules on sentences, as Punkt cuts them (`sentence:`)."""

from __future__ import annotations

import re
from itertools import pairwise

from crab.evaluation.ifbench.asked import EDGE, Asked, bare, unless


def keyword(response: str, asked: Asked) -> str | None:
    word, place = asked.text("word"), asked.number("N")
    sentences = asked.tables.sentences(response)
    if len(sentences) < place:
        return f"{len(sentences)} sentences, fewer than {place}"
    found = re.search(rf"\b{re.escape(word)}\b", sentences[place - 1], re.IGNORECASE)
    return unless(found is not None, f"sentence {place} is without {word}")


def increment(response: str, asked: Asked) -> str | None:
    step = asked.number("small_n")
    lengths = [len(bare(sentence).split()) for sentence in asked.tables.sentences(response)]
    for place, (one, other) in enumerate(pairwise(lengths), 2):
        if other != one + step:
            return f"sentence {place} has {other} words after {one}, not {one + step}"
    return None


def alliteration_increment(response: str, asked: Asked) -> str | None:
    """All alliterating words of a sentence count, in however many runs."""
    return _growing([sum(runs) for runs in _alliterations(response, asked)])


def longest_alliteration(response: str, asked: Asked) -> str | None:
    """As `alliteration_increment`, for the longest run of each sentence."""
    return _growing([max(runs, default=0) for runs in _alliterations(response, asked)])


def _alliterations(response: str, asked: Asked) -> list[list[int]]:
    """Per sentence the lengths of its runs of at least two neighbours with one first letter."""
    found = []
    for sentence in asked.tables.sentences(response):
        letters = [core[0] for word in sentence.lower().split() if (core := word.lstrip(EDGE))]
        lengths = [1]
        for one, other in pairwise(letters):
            if one == other:
                lengths[-1] += 1
            else:
                lengths.append(1)
        found.append([length for length in lengths if length > 1])
    return found


def _growing(counts: list[int]) -> str | None:
    for place, (one, other) in enumerate(pairwise(counts), 2):
        if other <= one:
            return f"sentence {place} has {other} alliterating words after {one}"
    return None

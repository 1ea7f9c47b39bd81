"""Duplicate pairs. Several answers to one instruction are siblings, and stay; the same answer twice does not."""

from __future__ import annotations

import hashlib
import re

from crab.config.seed import NearDuplicatesConfig
from crab.core.records import Seed
from crab.data.filters import KEEP, Answer
from crab.data.split import normalise

_PERMUTATIONS = 128
_BANDS = 32
"""With 4 rows a band, texts of similarity 0.8 meet with probability 1 - 5e-8, of 0.6 with 0.99."""
_WORD = re.compile(r"\w+")


class Exact:
    """Refuses a pair whose instruction (in normal form) and response were seen before. Call in reading order."""

    def __init__(self) -> None:
        self._seen: dict[bytes, str] = {}

    def __call__(self, seed: Seed) -> Answer:
        key = hashlib.sha256(f"{normalise(seed.instruction)}\0{seed.response}".encode()).digest()
        first = self._seen.setdefault(key, seed.id)
        return KEEP if first == seed.id else Answer(False, "duplicate", f"same as {first}")


class Near:
    """Refuses a pair when an earlier one has both nearly its instruction and nearly its response.

    MinHash signatures of the responses find candidates; whether they are duplicates is decided by the exact Jaccard
    similarity of their word shingles, so the result does not depend on the signatures' luck.
    """

    def __init__(self, config: NearDuplicatesConfig) -> None:
        """`config.threshold` must be set."""
        from rensa import RMinHashLSH

        assert config.threshold is not None
        self._threshold = config.threshold
        self._words = config.shingle_words
        self._kept: list[Seed] = []
        self._index = RMinHashLSH(config.threshold, _PERMUTATIONS, _BANDS)

    def __call__(self, seed: Seed) -> Answer:
        from rensa import RMinHash

        response, instruction = self._shingles(seed.response), self._shingles(seed.instruction)
        signature = RMinHash(_PERMUTATIONS, 0)
        signature.update(sorted(response))
        for position in sorted(self._index.query(signature)):
            other = self._kept[position]
            alike = _jaccard(response, self._shingles(other.response))
            if alike >= self._threshold and _jaccard(instruction, self._shingles(other.instruction)) >= self._threshold:
                return Answer(False, "near duplicate", f"{alike:.2f} like {other.id}")
        self._index.insert(len(self._kept), signature)
        self._kept.append(seed)
        return KEEP

    def _shingles(self, text: str) -> frozenset[str]:
        """Runs of words in lower case; a text without that many words is one shingle, one without words itself."""
        words = _WORD.findall(text.casefold())
        size = max(1, min(self._words, len(words)))
        return frozenset(" ".join(words[at : at + size]) for at in range(len(words) - size + 1)) or frozenset({text})


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)

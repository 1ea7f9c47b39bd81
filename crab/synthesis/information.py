"""How much a constraint says: -log2 of the chance that another good response meets it anyway.

The chance is estimated by running the checker over other responses: a sample of the corpus, and the siblings (other
good responses to the same instruction) where there are any. Few siblings say little, so they are shrunk towards
the corpus estimate.
"""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256

from crab import constraints
from crab.config.verify import VerifyConfig
from crab.core import randomness
from crab.core.records import Constraint, Example
from crab.core.text import Measures

_MAX_SHARES = 20_000
"""Shares that are remembered; a corpus has any number of different constraints."""

Ranked = tuple[float, str, str]
"""A response, behind what ranks it: a number by hash, and the record's id."""


class Information:
    """Bits per constraint against one corpus. Equal constraints are counted once, as long as they are remembered.

    Memory: the sample, the siblings where an instruction has several responses, and 60 bytes for each instruction.
    """

    def __init__(self, corpus: Iterable[Example], config: VerifyConfig) -> None:
        """Fix the sample of responses and each record's siblings, by hash, so that file order does not matter.

        Args:
            corpus: Is gone through three times.
            config: Section `verify`.
        """
        self._config = config
        sample = heapq.nsmallest(config.information_responses, map(self._ranked, corpus))
        self._sample = [response for _, _, response in sample]
        self._siblings = self._find_siblings(corpus)
        self._shares: dict[str, float] = {}

    def bits(self, constraint: Constraint, example: Example) -> float:
        """-log2 P(another good response satisfies it), rounded to 1/1000 bit; at most that of never seen."""
        known = self._siblings.get(_key(example.instruction), [])
        others = [response for _, id_, response in known if id_ != example.id][: self._config.sibling_responses]
        prior = self._config.sibling_prior
        share = (_hits(constraint, others) + prior * self._corpus_share(constraint)) / (len(others) + prior)
        return round(-math.log2(share), 3)

    def _corpus_share(self, constraint: Constraint) -> float:
        """Smoothed share of the sample that satisfies a constraint (Laplace: one hit and one miss added)."""
        key = constraint.type + json.dumps(constraint.params, sort_keys=True)
        if key not in self._shares:
            if len(self._shares) == _MAX_SHARES:
                self._shares.clear()
            self._shares[key] = (_hits(constraint, self._measured) + 1) / (len(self._sample) + 2)
        return self._shares[key]

    @cached_property
    def _measured(self) -> list[Measures]:
        return [*map(Measures, self._sample)]

    def _find_siblings(self, corpus: Iterable[Example]) -> dict[int, list[Ranked]]:
        """For each instruction that has several responses the first ones by rank: one more than are asked for."""
        repeated = set(_repeated(_key(example.instruction) for example in corpus))
        found: dict[int, list[Ranked]] = {key: [] for key in repeated}
        for example in corpus:
            if (own := found.get(_key(example.instruction))) is not None:
                own.append(self._ranked(example))
                own.sort()
                del own[self._config.sibling_responses + 1 :]
        return found

    def _ranked(self, example: Example) -> Ranked:
        fraction = randomness.fraction(self._config.random_seed, "information", example.id)
        return fraction, example.id, example.response


def _key(instruction: str) -> int:
    """64 bits that stand for an instruction."""
    return int.from_bytes(sha256(instruction.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _repeated(keys: Iterable[int]) -> Iterator[int]:
    seen: set[int] = set()
    for key in keys:
        if key in seen:
            yield key
        seen.add(key)


def _hits(constraint: Constraint, responses: Sequence[str | Measures]) -> int:
    return sum(verdict.satisfied for verdict in constraints.check_each(constraint, responses))

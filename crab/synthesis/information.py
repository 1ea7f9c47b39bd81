"""How much a constraint says: -log2 of the chance that another good response meets it anyway.

The chance is estimated by running the checker over other responses: a sample of the corpus, and the siblings (other
good responses to the same instruction) where there are any. Few siblings say little, so they are shrunk towards
the corpus estimate.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence

from crab import constraints
from crab.config.verify import VerifyConfig
from crab.core import randomness
from crab.core.records import Constraint, Example


class Information:
    """Bits per constraint against one corpus. Equal constraints are counted once."""

    def __init__(self, corpus: Sequence[Example], config: VerifyConfig) -> None:
        """Fix the sample of responses and each record's siblings, by hash, so that file order does not matter."""
        seed = config.random_seed
        ranked = sorted(corpus, key=lambda e: (randomness.fraction(seed, "information", e.id), e.id))
        self._config = config
        self._sample = [example.response for example in ranked[: config.information_responses]]
        self._siblings: dict[str, list[Example]] = defaultdict(list)
        for example in ranked:
            self._siblings[example.instruction].append(example)
        self._shares: dict[str, float] = {}

    def bits(self, constraint: Constraint, example: Example) -> float:
        """-log2 P(another good response satisfies it), rounded to 1/1000 bit; at most that of never seen."""
        others = [sibling for sibling in self._siblings[example.instruction] if sibling.id != example.id]
        others = others[: self._config.sibling_responses]
        hits = _hits(constraint, [sibling.response for sibling in others])
        prior = self._config.sibling_prior
        share = (hits + prior * self._corpus_share(constraint)) / (len(others) + prior)
        return round(-math.log2(share), 3)

    def _corpus_share(self, constraint: Constraint) -> float:
        """Smoothed share of the sample that satisfies a constraint (Laplace: one hit and one miss added)."""
        key = constraint.type + json.dumps(constraint.params, sort_keys=True)
        if key not in self._shares:
            self._shares[key] = (_hits(constraint, self._sample) + 1) / (len(self._sample) + 2)
        return self._shares[key]


def _hits(constraint: Constraint, responses: Sequence[str]) -> int:
    return sum(verdict.satisfied for verdict in constraints.check_each(constraint, responses))

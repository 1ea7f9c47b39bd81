"""Small edits of a response that break one constraint, each proved by the checkers.

A type names the edits of the shared library that suit it (`Type.breaks`); the rest of the library is tried after
those, so a type that names none has mutations too. The checkers decide what an edit did: nothing here knows what any
type means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from crab.constraints.edits import BULK, EDITS, apply
from crab.constraints.kinds import Type
from crab.constraints.phrasing import Params
from crab.core import randomness
from crab.core.text import Measures

DRAWS: Final = 3
"""How often an edit is tried at other places."""

_FEW, _MANY, _MUCH = 4, 64, 65_536
"""Amounts at which the search goes on to the next edit, and comes back when all others have failed."""

_MAX_GROWTH: Final = 20_000
"""Characters that an edit may add to a text, besides its tenfold."""

Bound = tuple[Type, Params]
"""A type and sound parameters."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A response that fails a constraint which the original met."""

    response: str
    edit: str
    """A name of `crab.constraints.edits.EDITS`."""
    amount: int
    """How much of it was needed: the smallest amount that was found to break the constraint."""


def mutations(target: Bound, response: str, keep: Sequence[Bound], random_seed: int) -> Iterator[Mutation]:
    """Edited responses that fail `target` and meet all of `keep`, under every reading, best first; each text once."""
    search = _Search(target, response, random_seed)
    own = target[0].breaks
    rounds = [(name, 1, _MUCH) for name in own]
    for names, fewest, most in ((EDITS, 1, _FEW), (EDITS, _FEW, _MANY), (BULK, _MANY, _MUCH)):
        rounds += [(name, fewest, most) for name in names if name not in own]
    seen: set[str] = set()
    for name, fewest, most in rounds:
        for mutation in search.smallest(name, fewest, most):
            if mutation.response not in seen:
                seen.add(mutation.response)
                m = Measures(mutation.response)
                if all(holds(other, m) for other in keep):
                    yield mutation


def holds(bound: Bound, m: Measures) -> bool:
    """Whether a response satisfies a constraint under every reading."""
    kind, params = bound
    return all(kind.check(m, params, reading).satisfied for reading in kind.readings)


class _Search:
    """Looks for the smallest amount of each edit that breaks one constraint of one response."""

    def __init__(self, target: Bound, response: str, random_seed: int) -> None:
        self._target = target
        self._response = response
        self._longest = _MAX_GROWTH + 10 * len(response)
        self._named = _named(*target)
        self._random = (random_seed, hashlib.sha256(response.encode()).hexdigest())
        self._spent: set[str] = set()

    def smallest(self, name: str, fewest: int, most: int) -> Iterator[Mutation]:
        """The smallest amounts from `fewest` up to `most` that do it, one a draw; by doubling, then halving.

        An edit that broke the target, or could do no more, gives nothing in later rounds. Where one draw breaks
        nothing, others hardly will.
        """
        if name in self._spent:
            return
        for draw in range(DRAWS):
            text, last, amount = None, None, fewest
            while amount < most:
                text = self._edited(name, draw, amount)
                if text is None or text == last:
                    self._spent.add(name)
                    return
                if self._fails(text):
                    break
                amount, last = 2 * amount, text
            else:
                return
            self._spent.add(name)
            yield self._halved(name, draw, fewest - 1 if last is None else amount // 2, amount, text)

    def _halved(self, name: str, draw: int, too_few: int, amount: int, best: str) -> Mutation:
        while amount - too_few > 1:
            middle = (amount + too_few) // 2
            text = self._edited(name, draw, middle)
            if text is not None and self._fails(text):
                amount, best = middle, text
            else:
                too_few = middle
        return Mutation(best, name, amount)

    def _edited(self, name: str, draw: int, amount: int) -> str | None:
        seed, digest = self._random
        text = apply(name, self._response, amount, randomness.rng(seed, "mutate", name, draw, digest), self._named)
        return text if text is not None and len(text) <= self._longest else None

    def _fails(self, text: str) -> bool:
        kind, params = self._target
        m = Measures(text)
        return not any(kind.check(m, params, reading).satisfied for reading in kind.readings)


def _named(kind: Type, params: Params) -> list[str]:
    """What a constraint wants said or not said: keywords, phrases, letters, endings. In order, each once."""
    fixed = {"relation", *(name for form in kind.forms for name in form.fixed)}
    texts: list[str] = []
    for name, value in params.items():
        if name not in fixed:
            texts += [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]
    return [text for text in dict.fromkeys(texts) if text.strip()]

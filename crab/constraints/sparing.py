"""Types that hold of most texts are stated of some only."""

from __future__ import annotations

import dataclasses

from crab.constraints.kinds import Rng, Type
from crab.constraints.phrasing import Params
from crab.core.text import Measures


def sparingly(kind: Type, share: float) -> Type:
    """The type, derived with this probability where it holds; checked as before."""

    def derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
        return kind.derive(m, instruction, rng) if rng().random() < share else []

    return dataclasses.replace(kind, derive=derive)

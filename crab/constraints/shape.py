"""Types without parameters: a response has a shape, or it has not."""

from __future__ import annotations

from collections.abc import Callable

from crab.constraints.kinds import AS_WRITTEN, Finding, Rng, Type
from crab.constraints.phrasing import Form, Params
from crab.core.text import Measures


def shape(
    paper: str,
    meaning: str,
    look: Callable[[Measures, str], Finding],
    phrasings: tuple[str, ...],
    hearings: tuple[str, ...] = (),
    readings: tuple[str, ...] = (AS_WRITTEN,),
    when: Callable[[Measures], bool] = lambda m: True,
    ifeval: str = "",
    breaks: tuple[str, ...] = (),
) -> Type:
    """A type without parameters: the response has a shape (and it is worth saying so `when`), or it has not."""

    def derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
        return [{}] if when(m) and all(look(m, reading).satisfied for reading in readings) else []

    return Type(
        paper=paper,
        meaning=meaning,
        example={},
        forms=(Form(slots={}, phrasings=phrasings, hearings=hearings),),
        derive=derive,
        check=lambda m, params, reading: look(m, reading),
        readings=readings,
        ifeval=ifeval,
        breaks=breaks,
    )

"""How often a word, a phrase or a letter occurs: one set of sentences for all three."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params, Slot
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, asked, holds, narrower, number_of
from crab.core.text import Measures

# NOUN is filled in per type: "word", "phrase", "letter"; THING becomes its slot, TIMES the number.
_PHRASINGS: Final[Mapping[str, tuple[str, ...]]] = {
    AT_LEAST: (
        "Use the NOUN THING at least TIMES.",
        "The NOUN THING should appear at least TIMES.",
        "Bring in the NOUN THING no fewer than TIMES.",
        "Let the NOUN THING occur TIMES or more.",
        "I want to find the NOUN THING in the text at least TIMES.",
        "The NOUN THING must not come up fewer than TIMES.",
    ),
    AT_MOST: (
        "Use the NOUN THING at most TIMES.",
        "The NOUN THING should appear no more than TIMES.",
        "Bring in the NOUN THING TIMES at the most.",
        "Let the NOUN THING occur TIMES or fewer.",
        "I do not want to find the NOUN THING in the text more than TIMES.",
        "Do not repeat the NOUN THING beyond TIMES.",
    ),
    EXACTLY: (
        "Use the NOUN THING exactly TIMES.",
        "The NOUN THING should appear exactly TIMES.",
        "Bring in the NOUN THING TIMES, no more and no less.",
        "Let the NOUN THING occur precisely TIMES.",
        "I want to find the NOUN THING in the text exactly TIMES.",
        "The NOUN THING has to come up TIMES in all.",
    ),
}
_HEARINGS: Final[Mapping[str, tuple[str, ...]]] = {
    AT_LEAST: (
        "(use|mention|say|repeat) CALLEDTHING (at least TIMES|TIMES or more)",
        "CALLEDTHING must (appear|occur|be used) (at least TIMES|TIMES or more)",
        "(use|mention) CALLEDTHING over {n:-1} [time|times]",
        "CALLEDTHING must (appear|occur|be used) over {n:-1} [time|times]",
    ),
    AT_MOST: (
        "(use|mention|say|repeat) CALLEDTHING (at most TIMES|TIMES or less|TIMES or fewer)",
        "CALLEDTHING must (appear|occur|be used) (at most TIMES|TIMES or less|TIMES or fewer)",
        "(use|mention) CALLEDTHING under {n:+1} [time|times]",
        "CALLEDTHING must (appear|occur|be used) under {n:+1} [time|times]",
        "not use CALLEDTHING over TIMES",
        "CALLEDTHING must not (appear|occur|be used) over TIMES",
    ),
    EXACTLY: (
        "(use|mention|say|repeat) CALLEDTHING exactly TIMES",
        "CALLEDTHING must (appear|occur|be used) exactly TIMES",
    ),
}


def how_often(
    paper: str,
    meaning: str,
    noun: str,
    slot: Slot,
    called: Sequence[str],
    example: str,
    count: Callable[[Measures, str, str], int],
    readings: tuple[str, ...],
    derive: Callable[[Measures, Measures, Rng], list[Params]],
    ifeval: str = "",
    breaks: tuple[str, ...] = (),
) -> Type:
    """A type that asks how often something occurs.

    Args:
        paper: The paper's category.
        meaning: What is counted, in one sentence.
        noun: What the thing is; also the name of its parameter.
        slot: The kind of that parameter.
        called: What people put before it, e.g. `the word`; "" for nothing.
        example: A value of it.
        count: (response, thing, reading) -> how often it occurs.
        readings: Ways to count; the first one is canonical.
        derive: As in `Type`.
        ifeval: The corresponding id of IFEval.
        breaks: Names of edits that change how often it occurs.
    """

    def check(m: Measures, params: Params, reading: str) -> Finding:
        found = count(m, params[noun], reading)
        return Finding(holds(found, params), f'"{params[noun]}" {number_of(found, "time", "times")}', asked(params))

    def spell(template: str, before: str = "") -> str:
        template = template.replace("CALLED", f"{before} " if before else "").replace("NOUN", noun)
        return template.replace("THING", f"{{{noun}}}").replace("TIMES", "{n} [time|times]")

    return Type(
        paper=paper,
        meaning=meaning,
        example={"relation": AT_LEAST, noun: example, "n": 3},
        derive=derive,
        check=check,
        readings=readings,
        implies=narrower,
        ifeval=ifeval,
        breaks=breaks,
        forms=tuple(
            Form(
                fixed={"relation": relation},
                slots={noun: slot, "n": Number()},
                phrasings=tuple(map(spell, _PHRASINGS[relation])),
                hearings=tuple(spell(template, before) for template in _HEARINGS[relation] for before in called),
            )
            for relation in (AT_LEAST, AT_MOST, EXACTLY)
        ),
    )

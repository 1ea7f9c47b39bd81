"""Counts and how they are asked for: relations, thresholds that every reading grants, sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params, Slot
from crab.core.text import Measures

TOLERANCE_PERCENT: Final = 10
"""What "around" allows on either side; the rendered sentence says so."""

AT_LEAST, AT_MOST, EXACTLY, BETWEEN, AROUND = "at least", "at most", "exactly", "between", "around"


def bounds(params: Params) -> tuple[int, float]:
    """The smallest and largest count that satisfies a relation."""
    match params["relation"]:
        case "at least":
            return params["n"], math.inf
        case "at most":
            return 0, params["n"]
        case "between":
            return params["low"], params["high"]
        case "around":
            slack = params["n"] * TOLERANCE_PERCENT // 100
            return params["n"] - slack, params["n"] + slack
        case _:
            return params["n"], params["n"]


def holds(count: int, params: Params) -> bool:
    """Whether a count satisfies a relation."""
    low, high = bounds(params)
    return low <= count <= high


def narrower(a: Params, b: Params) -> bool:
    """Whether every count that satisfies `a` satisfies `b`, all else being equal."""
    (a_low, a_high), (b_low, b_high) = bounds(a), bounds(b)
    amount = {"relation", "n", "low", "high"}
    same = {k: v for k, v in a.items() if k not in amount} == {k: v for k, v in b.items() if k not in amount}
    return same and b_low <= a_low and a_high <= b_high


def asked(params: Params) -> str:
    """A relation in words, e.g. `at least 5`."""
    match params["relation"]:
        case "between":
            return f"between {params['low']} and {params['high']}"
        case "around":
            return f"around {params['n']} (within {TOLERANCE_PERCENT}%)"
        case relation:
            return f"{relation} {params['n']}"


def number_of(count: int, one: str, many: str) -> str:
    """A count with its unit, e.g. `1 word`, `no words`."""
    return f"{count or 'no'} {one if count == 1 else many}"


# -- thresholds ------------------------------------------------------------------------------------------------------


def _grain(n: float) -> int:
    """What people round to: 1 below ten, then 5, 10 and 50."""
    return 1 if n < 10 else 5 if n < 50 else 10 if n < 300 else 50


def round_down(n: float) -> int:
    """The next natural number at or below `n`."""
    return math.floor(n / _grain(n)) * _grain(n)


def round_up(n: float) -> int:
    """The next natural number at or above `n`."""
    return math.ceil(n / _grain(n)) * _grain(n)


def propose(counts: Iterable[int], rng: Rng, relations: Sequence[str], fewest: int = 2) -> list[Params]:
    """A relation that every count satisfies, or none.

    Args:
        counts: The same thing counted under each reading.
        rng: Chooses the relation and how much room it leaves.
        relations: What to choose from; one named twice is twice as likely.
        fewest: The smallest number worth asking for with "at least".
    """
    low, high = min(counts := [*counts]), max(counts)
    if low == 0 or high > 1.5 * low + 2:  # the readings are too far apart for a number to mean much
        return []
    room = rng().choice((0.0, 0.0, 0.1, 0.2))
    proposals: dict[str, Params] = {
        AT_LEAST: {"relation": AT_LEAST, "n": max(fewest, round_down(low * (1 - room)))},
        AT_MOST: {"relation": AT_MOST, "n": round_up(high * (1 + room))},
        EXACTLY: {"relation": EXACTLY, "n": low},
        BETWEEN: {"relation": BETWEEN, "low": round_down(low * 0.9), "high": round_up(high * 1.1)},
        AROUND: {"relation": AROUND, "n": round_down((low + high) / 2 + _grain(low) / 2)},
    }
    possible = [
        relation
        for relation in relations
        if all(holds(count, proposals[relation]) for count in counts) and (relation != AROUND or low >= 30)
    ]
    return [proposals[rng().choice(possible)]] if possible else []


# -- sentences -------------------------------------------------------------------------------------------------------

# VERB, NOUN and MANY are filled in per type: "Use", "[bullet point|bullet points]", "bullet points".
PHRASINGS: Final[Mapping[str, tuple[str, ...]]] = {
    AT_LEAST: (
        "VERB at least {n} NOUN.",
        "There should be no fewer than {n} NOUN.",
        "I want to see {n} NOUN or more.",
        "At least {n:word} NOUN, please.",
        "VERB a minimum of {n} NOUN.",
        "It takes {n} NOUN at the very least.",
        "Do not stop short of {n} NOUN.",
    ),
    AT_MOST: (
        "VERB at most {n} NOUN.",
        "There should be no more than {n} NOUN.",
        "I want to see {n} NOUN or fewer.",
        "No more than {n:word} NOUN, please.",
        "VERB a maximum of {n} NOUN.",
        "Do not go over {n} NOUN.",
        "The limit is {n} NOUN.",
    ),
    EXACTLY: (
        "VERB exactly {n} NOUN.",
        "There should be exactly {n} NOUN, no more and no fewer.",
        "I want to see {n} NOUN, neither more nor fewer.",
        "Exactly {n:word} NOUN, please.",
        "The number of MANY must be {n}.",
        "VERB {n:word} NOUN in total.",
        "Count them: precisely {n} NOUN.",
    ),
    BETWEEN: (
        "VERB between {low} and {high} MANY.",
        "There should be from {low} to {high} MANY.",
        "I want to see {low} to {high} MANY.",
        "Anything from {low} to {high} MANY will do.",
        "The number of MANY should lie between {low} and {high}.",
        "VERB no fewer than {low} and no more than {high} MANY.",
    ),
    AROUND: (
        "VERB around {n} NOUN (within 10 percent).",
        "Aim for about {n} NOUN, give or take 10 percent.",
        "Approximately {n} NOUN, please; 10 percent more or less is fine.",
        "I expect roughly {n} NOUN, with a tolerance of 10%.",
        "The number of MANY should be within 10 percent of {n}.",
        "It should come to {n} NOUN, plus or minus 10 percent.",
    ),
}

_HEARINGS: Final[Mapping[str, tuple[str, ...]]] = {
    AT_LEAST: (
        "use at least {n} NOUN",
        "use over {n:-1} NOUN",
        "not use under {n} NOUN",
        "the number of MANY must be at least {n}",
    ),
    AT_MOST: (
        "use at most {n} NOUN",
        "use under {n:+1} NOUN",
        "not (exceed|go over|use over|be over) {n} NOUN",
        "the number of MANY must be at most {n}",
    ),
    EXACTLY: ("use exactly {n} NOUN", "the number of MANY must be exactly {n}"),
    BETWEEN: (
        "use between {low} and {high} MANY",
        "(use|keep it to|keep the response to|aim for|use from) {low}( to |-|–){high} MANY",
        "use at least {low} (and|but) at most {high} MANY",
    ),
    AROUND: ("use around {n} NOUN", "around {n} MANY"),
}


def _spell(template: str, verb: str, one: str, many: str) -> str:
    return template.replace("VERB", verb).replace("NOUN", f"[{one}|{many}]").replace("MANY", many)


def amounts(
    one: str,
    many: str,
    verb: str = "Use",
    relations: Sequence[str] = (AT_LEAST, AT_MOST, EXACTLY, BETWEEN),
    also_called: Sequence[tuple[str, str]] = (),
    own: Mapping[str, Sequence[str]] | None = None,
    heard: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Form, ...]:
    """The forms of a type that counts something.

    Args:
        one: The unit in the singular.
        many: The unit in the plural.
        verb: What one does with it.
        relations: Which relations may be asked for.
        also_called: Other words for the unit, understood only.
        own: The type's own sentences by relation, said instead of the general ones.
        heard: The type's own sentences by relation, understood only.
    """
    forms = []
    for relation in relations:
        slots: dict[str, Slot] = {"n": Number()} if relation != BETWEEN else {"low": Number(), "high": Number()}
        general = PHRASINGS[relation]
        said = tuple((own or {}).get(relation, general))
        understood = [*general, *_HEARINGS[relation], *(heard or {}).get(relation, ())]
        forms.append(
            Form(
                fixed={"relation": relation},
                slots=slots,
                phrasings=tuple(_spell(template, verb, one, many) for template in said),
                hearings=tuple(
                    _spell(template, verb, *names) for template in understood for names in ((one, many), *also_called)
                ),
            )
        )
    return tuple(forms)


def counted(
    paper: str,
    meaning: str,
    one: str,
    many: str,
    counts: Mapping[str, Callable[[Measures], int]],
    forms: tuple[Form, ...],
    prefer: Sequence[str],
    when: Callable[[Measures], bool] = lambda m: True,
    fewest: int = 2,
    ifeval: str = "",
    breaks: tuple[str, ...] = (),
) -> Type:
    """A type that counts something in the response.

    Args:
        paper: The paper's category.
        meaning: What is counted, in one sentence.
        one: The unit in the singular, for reasons.
        many: The unit in the plural.
        counts: How to count under each reading; the first one is canonical.
        forms: What `amounts` made.
        prefer: Relations to choose from when deriving; one named twice is twice as likely.
        when: Whether the response is of a kind for which the count means something.
        fewest: The smallest number worth asking for with "at least".
        ifeval: The corresponding id of IFEval.
        breaks: Names of edits that change the count.
    """

    def derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
        return propose((count(m) for count in counts.values()), rng, prefer, fewest) if when(m) else []

    def check(m: Measures, params: Params, reading: str) -> Finding:
        count = counts[reading](m)
        return Finding(holds(count, params), number_of(count, one, many), asked(params))

    return Type(
        paper=paper,
        meaning=meaning,
        example={"relation": prefer[0], "n": 3},
        forms=forms,
        derive=derive,
        check=check,
        readings=tuple(counts),
        implies=narrower,
        ifeval=ifeval,
        breaks=breaks,
    )

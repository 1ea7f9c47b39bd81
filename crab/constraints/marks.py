"""How many marks of a kind the response has: questions, exclamations, asides, compounds, placeholders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from crab.constraints.kinds import Type
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted
from crab.constraints.sparing import sparingly
from crab.core.text import Measures, once


def matches(pattern: str, gate: str) -> Callable[[Measures], int]:
    """A count of a pattern's matches; `gate` holds characters without one of which there is no match."""
    compiled = re.compile(pattern)

    @once
    def count(m: Measures) -> int:
        return sum(1 for _ in compiled.finditer(m.text)) if any(map(m.text.__contains__, gate)) else 0

    return count


_RELATIONS: Final = (AT_LEAST, AT_MOST, EXACTLY)


def _marks(
    paper: str,
    meaning: str,
    one: str,
    many: str,
    counts: Mapping[str, Callable[[Measures], int]],
    verb: str = "Use",
    also_called: tuple[tuple[str, str], ...] = (),
    heard: Mapping[str, tuple[str, ...]] | None = None,
    fewest: int = 2,
    ifeval: str = "",
    breaks: tuple[str, ...] = (),
) -> Type:
    return counted(
        paper=paper,
        meaning=f"{meaning} stands in the relation to n.",
        one=one,
        many=many,
        counts=counts,
        prefer=(AT_LEAST, AT_LEAST, EXACTLY),
        fewest=fewest,
        ifeval=ifeval,
        breaks=breaks,
        forms=amounts(one, many, verb, _RELATIONS, also_called, heard=heard),
    )


num_questions = _marks(
    breaks=("drop_question", "add_question"),
    paper="Punctuation",
    meaning="The number of questions, each shown by a question mark or a run of marks with one in it,",
    one="question",
    many="questions",
    verb="Ask",
    fewest=1,
    counts={
        "runs of marks": matches(r"(?<![?!？！؟])!*+[?？؟][?!？！؟]*+", "?？؟"),
        "question marks": matches(r"[?？؟]", "?？؟"),
        "ends of words": matches(r"[?？؟](?![?!？！؟\w/=&])", "?？؟"),
    },
)

num_exclamations = _marks(
    breaks=("drop_exclamation", "add_exclamation"),
    paper="Punctuation",
    meaning="The number of exclamations, each shown by an exclamation mark or a run of marks with one in it,",
    one="exclamation",
    many="exclamations",
    verb="Make",
    fewest=1,
    counts={
        "runs of marks": matches(r"(?<![?!？！؟])[?？؟]*+[!！][?!？！؟]*+", "!！"),
        "exclamation marks": matches(r"[!！]", "!！"),
        "ends of words": matches(r"[!！](?![?!？！؟\w=\[(])", "!！"),
    },
)

num_parentheses = _marks(
    breaks=("drop_parenthesis", "say_parenthesis"),
    paper="Punctuation",
    meaning="The number of remarks in round brackets, each with a letter or digit in it,",
    one="remark in parentheses",
    many="remarks in parentheses",
    counts={
        # A link's address follows its text at once, a call's arguments its name.
        "remarks": matches(r"(?<![\w\])])\((?=[^()\w\n]*+\w)[^()\n]*+\)", "("),
        "any pair": matches(r"\([^()\n]++\)", "("),
    },
    also_called=(("parenthetical remark", "parenthetical remarks"), ("parenthetical", "parentheticals")),
)

_HYPHEN = re.compile(r"-(?<=\w-)(?=\w)")


@once
def _hyphenated(m: Measures) -> list[str]:
    return [word for word in m.spaced_words if "-" in word and _HYPHEN.search(word)]


num_hyphenated = sparingly(
    _marks(
        breaks=("drop_dash", "say_hyphenated"),
        paper="Morphology",
        meaning='The number of hyphenated words ("well-known")',
        one="hyphenated word",
        many="hyphenated words",
        counts={
            "letters": lambda m: sum(1 for word in _hyphenated(m) if word.replace("-", "").isalpha()),
            "any characters": lambda m: len(_hyphenated(m)),
        },
        also_called=(("hyphenated compound", "hyphenated compounds"),),
    ),
    0.5,
)

num_placeholders = _marks(
    breaks=("drop_bracket", "say_placeholder"),
    paper="Special output format",
    meaning="The number of placeholders in square brackets, such as [address],",
    one="placeholder in square brackets",
    many="placeholders in square brackets",
    fewest=1,
    counts={
        # Neither a link's text nor a check box, and no list in a program.
        "names": matches(r"(?<![\w\])])\[(?=[^\[\]\n]*?[^\W\d_])[^\[\]\n]*+\](?!\(|\[|: ?https?:)", "["),
        "any brackets": matches(r"\[[^\[\]\n]*+\]", "["),
    },
    heard={
        AT_LEAST: (
            "use at least {n} [placeholder|placeholders](|,) (represented|marked|shown) by square brackets"
            "(|, such as [address]|, such as [name]|, like [name])",
            "use at least {n} [placeholder|placeholders](|, such as [address]|, such as [name]|, like [name])",
        ),
    },
    ifeval="detectable_content:number_placeholders",
)

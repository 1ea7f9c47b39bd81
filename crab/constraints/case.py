"""Capital and small letters."""

from __future__ import annotations

import random

from crab.constraints.kinds import Finding, Type
from crab.constraints.phrasing import Form, Params
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted, number_of
from crab.core.text import Measures

_EDGES = "\"'“”‘’()[]{}<>*_`~.,;:!?…#|-–—"


def _capitals(m: Measures) -> int:
    return sum(map(str.isupper, m.text))


def _derive_lower(m: Measures, instruction: Measures, rng: random.Random) -> list[Params]:
    return [{}] if m.text.islower() else []


def _check_lower(m: Measures, params: Params, reading: str) -> Finding:
    if m.text.islower():
        return Finding(True, "no capital letter")
    capitals = _capitals(m)
    return Finding(False, number_of(capitals, "capital letter", "capital letters") if capitals else "no small letter")


all_lowercase = Type(
    paper="Key formatting",
    meaning="There are small letters and no capital ones.",
    example={},
    derive=_derive_lower,
    check=_check_lower,
    ifeval="change_case:english_lowercase",
    forms=(
        Form(
            slots={},
            phrasings=(
                "Write everything in lowercase.",
                "Use only small letters.",
                "Do not use any capital letters.",
                "Your answer must be all lowercase.",
                "Keep the whole text in lower case.",
                "No capitals anywhere, please.",
            ),
            hearings=(
                "(use|write|respond|answer|be)(| the response| everything| entirely| only)(| in) (|all )(lowercase|lower case|lower-case|small)(| letters)",
                "the response must be (entirely |completely |all |)(|in )(|all )(lowercase|lower case)(| letters)(|, and in english)",
                "be (entirely |completely |all |)(|in )(|all )(lowercase|lower case)(| letters)",
                "not use (uppercase|upper case|capital|upper-case) letters",
                "no (capital|uppercase|upper case) letters(| must be allowed| allowed|)",
                "all lowercase(| letters)",
            ),
        ),
    ),
)


def _derive_upper(m: Measures, instruction: Measures, rng: random.Random) -> list[Params]:
    return [{}] if m.text.isupper() else []


def _check_upper(m: Measures, params: Params, reading: str) -> Finding:
    if m.text.isupper():
        return Finding(True, "no small letter")
    small = sum(map(str.islower, m.text))
    return Finding(False, number_of(small, "small letter", "small letters") if small else "no capital letter")


all_uppercase = Type(
    paper="Key formatting",
    meaning="There are capital letters and no small ones.",
    example={},
    derive=_derive_upper,
    check=_check_upper,
    ifeval="change_case:english_capital",
    forms=(
        Form(
            slots={},
            phrasings=(
                "Write everything in capital letters.",
                "Use only capitals.",
                "Do not use any small letters.",
                "Your answer must be all uppercase.",
                "Keep the whole text in upper case.",
                "ALL CAPS, please.",
            ),
            hearings=(
                "(use|write|respond|answer|be)(| the response| everything| entirely| only)(| in) (|all )(uppercase|upper case|upper-case|capital|caps|capitals)(| letters)",
                "be (entirely |completely |all |)(|in )(|all )(uppercase|upper case|capital|caps)(| letters)",
                "not use (lowercase|lower case|lower-case) letters",
                "no (small|lowercase|lower case) letters(| allowed|)",
                "all (caps|capital letters|capitals|uppercase)",
            ),
        ),
    ),
)


def _capital_words(m: Measures, reading: str, shortest: int = 1) -> int:
    return sum(1 for word in m.words(reading) if word.isupper() and len(word.strip(_EDGES)) >= shortest)


num_capital_words = counted(
    paper="Key formatting",
    meaning='The number of words in capital letters only ("NASA", "I") stands in the relation to n.',
    one="word in capital letters",
    many="words in capital letters",
    counts={
        "word characters": lambda m: _capital_words(m, "word characters"),
        "between spaces": lambda m: _capital_words(m, "between spaces"),
        "two letters or more": lambda m: _capital_words(m, "word characters", 2),
    },
    prefer=(AT_LEAST, AT_LEAST, AT_MOST),
    when=lambda m: not m.text.isupper(),
    ifeval="change_case:capital_word_frequency",
    forms=amounts(
        "word in capital letters",
        "words in capital letters",
        relations=(AT_LEAST, AT_MOST, EXACTLY),
        also_called=(
            ("word in all capital letters", "words in all capital letters"),
            ("word with all capital letters", "words with all capital letters"),
            ("word in all caps", "words in all caps"),
            ("fully capitalized word", "fully capitalized words"),
            ("all-caps word", "all-caps words"),
        ),
    ),
)

"""Capital and small letters."""

from __future__ import annotations

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted, number_of
from crab.core.text import Measures


def _capitals(m: Measures) -> int:
    return sum(map(str.isupper, m.text))


def _derive_lower(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
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
                "use (|only |all )lowercase(| letters)(| only)",
                "(use|be) (|everything |the response |it )(in |entirely in )(|all |only )lowercase(| letters)",
                "be (|entirely |completely |all )lowercase",
                "not use (uppercase|capital|capitalized) letters",
                "no (capital|uppercase) letters(| allowed)",
                "all lowercase(| letters)",
            ),
        ),
    ),
)


def _derive_upper(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
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
                "use (|only |all )(uppercase|capitals|capital letters|caps|uppercase letters)(| only)",
                "(use|be) (|everything |the response |it )(in |entirely in )(|all |only )"
                "(uppercase|caps|capitals|capital letters|uppercase letters)",
                "be (|entirely |completely |all )(uppercase|capitalized)",
                "not use lowercase letters",
                "no lowercase letters(| allowed)",
                "all (caps|capital letters|capitals|uppercase)",
            ),
        ),
    ),
)


num_capital_words = counted(
    paper="Key formatting",
    meaning='The number of words in capital letters only ("NASA", "I") stands in the relation to n.',
    one="word in capital letters",
    many="words in capital letters",
    counts={
        "word characters": lambda m: len(m.capital_words()),
        "between spaces": lambda m: len(m.capital_words("between spaces")),
        "two letters or more": lambda m: sum(1 for word in m.capital_words() if len(word) >= 2),
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

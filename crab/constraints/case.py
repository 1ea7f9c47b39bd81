"""Capital and small letters."""

from __future__ import annotations

from functools import partial

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted, number_of
from crab.core.text import Measures, once


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
    breaks=("capital_initial",),
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
                "all letters must be lowercase(| letters)",
                "in (|all )lowercase(| letters)",
                "no (capital|uppercase) letters must (be allowed|be used|appear)",
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
    breaks=("say_short_word",),
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
                "use (only |all )(uppercase|capitals|capital letters|caps|uppercase letters)",
                "use (uppercase|capitals|capital letters|caps|uppercase letters) only",
                "(use|be) (|everything |the response |it )(in |entirely in )(|all |only )"
                "(uppercase|caps|capitals|capital letters|uppercase letters)",
                "be (|entirely |completely |all )(uppercase|capitalized)",
                "not use lowercase letters",
                "no lowercase letters(| allowed)",
                "all (caps|capital letters|capitals|uppercase)",
                "all letters must be (uppercase|capital)(| letters)",
                "in (|all )(uppercase|capitals|caps|capital letters)",
            ),
        ),
    ),
)


num_capital_words = counted(
    breaks=("small_word", "say_capitals"),
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


@once
def _acronyms(m: Measures, reading: str) -> int:
    if reading == "dots aside":
        return sum(1 for word in m.capital_words("between spaces") if _is_acronym(word.strip(_MARKS).replace(".", "")))
    return sum(map(_is_acronym, m.capital_words()))


def _is_acronym(word: str) -> bool:
    return 2 <= len(word) <= 6 and word.isupper() and word.isalpha()


_MARKS = "\"'“”‘’()[]*_,;:!?"

num_acronyms = counted(
    breaks=("small_word", "say_capitals"),
    paper="Key formatting",
    meaning='The number of acronyms, words of two to six capital letters ("NASA"), stands in the relation to n.',
    one="acronym",
    many="acronyms",
    counts={reading: partial(_acronyms, reading=reading) for reading in ("word characters", "dots aside")},
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    when=lambda m: not any(len(word) > 6 for word in m.capital_words()),  # shouting and headings are no acronyms
    forms=amounts(
        "acronym",
        "acronyms",
        relations=(AT_LEAST, AT_MOST, EXACTLY),
        also_called=(("abbreviation in capital letters", "abbreviations in capital letters"),),
    ),
)

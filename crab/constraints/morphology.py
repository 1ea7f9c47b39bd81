"""Forms of words to avoid: endings, the pronouns of a person, contractions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Choice, Form, Params, literally
from crab.constraints.quantity import number_of
from crab.constraints.shape import shape
from crab.constraints.sparing import sparingly
from crab.core.text import Measures, once

_FEWEST = 25  # words; a shorter text often lacks a form by chance


def _found(words: list[str], none: str) -> Finding:
    if not words:
        return Finding(True, none)
    shown = ", ".join(f'"{word[:40]}"' for word in words[:3])
    return Finding(False, f"{number_of(len(words), 'such word', 'such words')} ({shown})", "none")


# -- endings ---------------------------------------------------------------------------------------------------------

_ENDINGS: Final = ("-ing", "-ed", "-ly", "-er", "-tion", "-al", "-ment", "-able", "-ful", "-ous", "-ive", "-ness")
"""Commonest first."""
_ENDING_READINGS: Final = ("word characters", "between spaces")


@once
def _in_a_row(m: Measures, reading: str) -> str:
    """The words with a space after each: what ends a word is a substring."""
    return f"{' '.join(m.lower_words if reading == 'word characters' else m.spaced_words)} "


def _ending_in(m: Measures, ending: str, reading: str) -> list[str]:
    if f"{ending[1:]} " not in _in_a_row(m, reading):
        return []
    vocabulary: Mapping[str, int] = m.vocabulary if reading == "word characters" else m.spaced_vocabulary
    return [word for word in vocabulary if word.endswith(ending[1:])]


def _derive_ending(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if len(m.lower_words) < _FEWEST:
        return []
    rows = [_in_a_row(m, reading) for reading in _ENDING_READINGS]
    absent = next((ending for ending in _ENDINGS if not any(f"{ending[1:]} " in row for row in rows)), None)
    return [{"ending": absent}] if absent else []


def _check_ending(m: Measures, params: Params, reading: str) -> Finding:
    return _found(_ending_in(m, params["ending"], reading), f"no word ends in {params['ending']}")


_avoid_ending = Type(
    breaks=("end_in_named",),
    paper="Morphology",
    meaning="No word ends in the given letters, whatever its case; words such as “red” and “king” count.",
    example={"ending": "-ly"},
    derive=_derive_ending,
    check=_check_ending,
    readings=_ENDING_READINGS,
    forms=(
        Form(
            slots={"ending": literally(_ENDINGS)},
            phrasings=(
                "Do not use any word that ends in {ending}.",
                "Avoid words that end in {ending}.",
                "No word may end in {ending}.",
                "Get by without words that end in {ending}.",
                "Your answer must be free of words with the ending {ending}.",
                "Words with the ending {ending} are off limits.",
            ),
            hearings=(
                "not use (|any )(word|words) (that end in|that end with|that ends in|that ends with|ending in"
                "|ending with) ({ending}|{ending:bare})",
                "no words (that end in|that end with|ending in|ending with) ({ending}|{ending:bare})",
            ),
        ),
    ),
)

avoid_ending = sparingly(_avoid_ending, 0.4)


# -- pronouns --------------------------------------------------------------------------------------------------------

_FIRST = "i me my mine myself we us our ours ourselves"
_SECOND = "you your yours yourself yourselves"
_THIRD = "he him his himself she her hers herself it its itself they them their theirs themselves"
_PRONOUNS: Final = {
    person: frozenset(pronouns.split())
    for person, pronouns in (("first", _FIRST), ("second", _SECOND), ("third", _THIRD))
}
_AS_PRONOUN, _ANY_CASE = "as a pronoun", "any case"


def _pronouns(m: Measures, person: str, reading: str) -> list[str]:
    if m.vocabulary.keys().isdisjoint(_PRONOUNS[person]):
        return []
    shouted = reading == _ANY_CASE or m.text.isupper()  # else "US" and "IT" are no pronouns
    return [
        word
        for word in dict.fromkeys(m.words())
        if word.lower() in _PRONOUNS[person] and (shouted or len(word) == 1 or not word.isupper())
    ]


def _derive_pronouns(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if len(m.lower_words) < _FEWEST:
        return []
    absent = [person for person, words in _PRONOUNS.items() if m.vocabulary.keys().isdisjoint(words)]
    return [{"person": rng().choice(absent)}] if absent else []


def _check_pronouns(m: Measures, params: Params, reading: str) -> Finding:
    return _found(_pronouns(m, params["person"], reading), f"no {params['person']}-person pronoun")


_avoid_pronouns = Type(
    breaks=("say_first_person", "say_second_person"),
    paper="Morphology",
    meaning="None of the English personal, possessive and reflexive pronouns of the person occurs.",
    example={"person": "first"},
    derive=_derive_pronouns,
    check=_check_pronouns,
    readings=(_AS_PRONOUN, _ANY_CASE),
    forms=(
        Form(
            slots={
                "person": Choice(
                    {
                        "first": {"": "first-person", "such": '"I", "my" or "we"'},
                        "second": {"": "second-person", "such": '"you" or "your"'},
                        "third": {"": "third-person", "such": '"he", "she", "it" or "they"'},
                    }
                )
            },
            phrasings=(
                "Do not use {person} pronouns.",
                "Avoid all {person} pronouns, such as {person:such}.",
                "Write without {person} pronouns like {person:such}.",
                "Your answer must be free of {person} pronouns.",
                "No {person} pronouns, please.",
                "Get by without a single {person} pronoun.",
            ),
            hearings=(
                "not use (|any |a |the )({person} pronoun|{person} pronouns|{person}|{person} point of view)",
                "no {person} pronouns(| allowed)",
            ),
        ),
    ),
)

avoid_pronouns = sparingly(_avoid_pronouns, 0.4)


# -- contractions ----------------------------------------------------------------------------------------------------

_CONTRACTION = re.compile(
    r"\b(?:\w{1,20}n['’]t|\w{1,20}['’](?:m|re|ve|ll|d)"
    r"|(?:it|he|she|that|what|who|where|when|how|why|there|here|let|everything|something|one)['’]s)\b"
)
_APOSTROPHE = re.compile(r"\w['’]\w+")
_CONTRACTED, _INNER = "contractions", "apostrophes inside words"


def _look_contractions(m: Measures, reading: str) -> Finding:
    if not m.lower_words:
        return Finding(False, "no word")
    pattern = _CONTRACTION if reading == _CONTRACTED else _APOSTROPHE
    found = pattern.findall(m.lower) if "'" in m.text or "’" in m.text else []
    return _found([*dict.fromkeys(found)], "no contraction")


no_contractions = sparingly(
    shape(
        breaks=("say_contraction",),
        paper="Morphology",
        meaning='There is no English contraction ("don\'t", "it\'s", "we\'ll"); a possessive is none.',
        look=_look_contractions,
        readings=(_CONTRACTED, _INNER),
        when=lambda m: len(m.lower_words) >= _FEWEST,
        phrasings=(
            "Do not use contractions.",
            'Avoid contractions such as "don\'t" and "it\'s".',
            'Spell out every contraction: write "do not" instead of "don\'t".',
            "Your answer must be free of contractions.",
            "No contractions, please.",
            "Get by without a single contraction.",
        ),
        hearings=(
            "not use (|any )(contractions|contraction)",
            "no contractions(| allowed| at all)",
            "use no contractions",
            "contractions must be (avoided|forbidden)",
            "contractions are (forbidden|not allowed|off limits)",
        ),
    ),
    0.5,
)

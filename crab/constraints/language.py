"""Which language the response is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Choice, Form, Params
from crab.core.language import UNDETERMINED, identify, second_opinion
from crab.core.text import Measures, once

_NAMES = """
af=Afrikaans ar=Arabic az=Azerbaijani be=Belarusian bg=Bulgarian bn=Bengali bs=Bosnian ca=Catalan cs=Czech cy=Welsh
da=Danish de=German el=Greek en=English es=Spanish et=Estonian eu=Basque fa=Persian fi=Finnish fr=French ga=Irish
gl=Galician gu=Gujarati he=Hebrew hi=Hindi hr=Croatian hu=Hungarian hy=Armenian id=Indonesian is=Icelandic
it=Italian ja=Japanese ka=Georgian kk=Kazakh km=Khmer kn=Kannada ko=Korean la=Latin lo=Lao lt=Lithuanian lv=Latvian
mk=Macedonian ml=Malayalam mn=Mongolian mr=Marathi ms=Malay my=Burmese ne=Nepali nl=Dutch no=Norwegian pa=Punjabi
pl=Polish ps=Pashto pt=Portuguese ro=Romanian ru=Russian si=Sinhala sk=Slovak sl=Slovenian so=Somali sq=Albanian
sr=Serbian sv=Swedish sw=Swahili ta=Tamil te=Telugu th=Thai tl=Tagalog tr=Turkish uk=Ukrainian ur=Urdu uz=Uzbek
vi=Vietnamese yo=Yoruba zh=Chinese zu=Zulu
"""
LANGUAGES: Final[Mapping[str, str]] = dict(pair.split("=") for pair in _NAMES.split())
"""ISO 639-1 code -> English name, of the languages that both identifiers know."""

_EITHER, _CLD2, _LANGID = "either", "CLD2", "langid"
"""The one that knows when it cannot tell, else the other; the two by themselves."""

_SELDOM = 0.1
_ENGLISH: Final = ("the", "of", "and", "to", "is")  # a tenth of the words of 85 % of real English answers, or more
_PROSE = 0.9  # of the characters are letters and spaces; so it is in 91 % of real English answers
_FEWEST = 12  # words; identifiers guess at less, and so do readers


@once
def language(m: Measures, reading: str = _EITHER) -> str:
    """ISO 639-1 code of the response's language, or `und` where there are no words or no identifier can tell."""
    if reading == _EITHER:
        code = language(m, _CLD2)
        return code if code != UNDETERMINED else language(m, _LANGID)
    if not m.lower_words:
        return UNDETERMINED
    text = m.lower if m.text.isupper() else m.text  # models know languages by their small letters
    return identify(text) if reading == _CLD2 else second_opinion(text)


def _derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if len(m.lower_words) < _FEWEST and m.text.isascii():
        return []
    # That an answer in the instruction's language is in it goes without saying, so it is said now and then only.
    told = language(instruction, _CLD2)
    seldom = rng().random() < _SELDOM
    if told == "en" and not seldom and _looks_english(m):
        return []  # spares the identifiers most of their work
    code = language(m, _CLD2)
    if code not in LANGUAGES or (code == told and not seldom):
        return []
    return [{"language": code}] if language(m, _LANGID) == code and _is_prose(m.text) else []


def _looks_english(m: Measures) -> bool:
    return 10 * sum(map(m.vocabulary.__getitem__, _ENGLISH)) >= len(m.lower_words)


def _is_prose(text: str) -> bool:
    """Whether nearly all of a text is words: of programs and tables, identifiers guess."""
    return sum(1 for character in text if character.isalpha() or character.isspace()) >= _PROSE * len(text)


def _check(m: Measures, params: Params, reading: str) -> Finding:
    code = language(m, reading)
    asked = LANGUAGES[params["language"]]
    if code == UNDETERMINED:
        return Finding(False, "no language can be told", asked)
    satisfied = code == params["language"]
    return Finding(satisfied, f"in {LANGUAGES.get(code, f'the language {code!r}')}", "" if satisfied else asked)


response_language = Type(
    breaks=("in_german", "in_english"),
    paper="Language",
    meaning="The response as a whole is in the language, as an identifier tells that says when it cannot.",
    example={"language": "es"},
    derive=_derive,
    check=_check,
    readings=(_EITHER, _CLD2, _LANGID),
    ifeval="language:response_language",
    forms=(
        Form(
            slots={"language": Choice({code: {"": name} for code, name in LANGUAGES.items()})},
            phrasings=(
                "Answer in {language}.",
                "Write the whole text in {language}.",
                "Use {language} and no other language.",
                "Your answer must be in {language}.",
                "The language of the answer should be {language}.",
                "I want to read this in {language}.",
            ),
            hearings=(
                "use {language}(| only| language)",
                "use (only |the ){language}(| language)",
                "(be|be written) in (the |){language}(| only| language| language, no other language must be allowed)",
                "be entirely in {language}",
                "write in {language}(| only)",
                "(write|keep) (the response|everything|it) in {language}(| only)",
            ),
        ),
    ),
)

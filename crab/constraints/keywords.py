"""Words that the response holds, how often, and words that it does without. Letter case never matters."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Number, Params, Phrase, Phrases
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, asked, holds, narrower, number_of, propose
from crab.constraints.wordlists import AVOIDABLE, STOP_WORDS
from crab.core.text import Measures

READINGS: Final = ("whole words", "between spaces", "anywhere")
"""Not part of a longer word; standing alone but for punctuation; also inside longer words, as IFEval looks."""

_TOP = 15


def occurrences(m: Measures, phrase: str, reading: str) -> int:
    """How often a word or phrase occurs."""
    needle = phrase.lower()
    if reading == "anywhere":
        return m.lower.count(needle)
    if needle.isalnum():
        return (m.vocabulary if reading == "whole words" else m.spaced_vocabulary)[needle]
    return len(re.findall(rf"(?<!\w){re.escape(needle)}(?!\w)", m.lower))


def content_words(m: Measures) -> list[str]:
    """Words that could be keywords, in order of appearance: letters only, no stop words, said twice or long."""
    return [
        word
        for word, count in m.spaced_vocabulary.items()
        if len(word) >= 4 and (count >= 2 or len(word) >= 7) and word.isalpha() and word not in STOP_WORDS
    ]


@lru_cache(maxsize=8)  # include and frequency ask for the same
def _most_telling(m: Measures, instruction: Measures) -> list[str]:
    """The keywords that say most about the response: not in the instruction where possible, frequent, long."""
    words = content_words(m)
    told = instruction.lower
    return sorted(words, key=lambda word: (word in told, -m.spaced_vocabulary[word], -len(word), word))[:_TOP]


def _quoted(words: list[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


# -- include ---------------------------------------------------------------------------------------------------------


def _derive_include(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    words = _most_telling(m, instruction)
    return [{"words": rng().sample(words, min(len(words), rng().choice((1, 2, 2, 3))))}] if words else []


def _check_include(m: Measures, params: Params, reading: str) -> Finding:
    missing = [word for word in params["words"] if not occurrences(m, word, reading)]
    found = [word for word in params["words"] if word not in missing]
    return Finding(not missing, f"no {_quoted(missing)}" if missing else f"has {_quoted(found)}")


include = Type(
    paper="Keywords",
    meaning="Every one of the words or phrases occurs, as a whole word, in any letter case.",
    example={"words": ["harbour", "lantern"]},
    derive=_derive_include,
    check=_check_include,
    readings=READINGS,
    implies=lambda a, b: _lowered(b) <= _lowered(a),
    ifeval="keywords:existence",
    forms=(
        Form(
            slots={"words": Phrases()},
            phrasings=(
                "Include the [word|words] {words}.",
                "Use the [keyword|keywords] {words} in your answer.",
                "The text must mention {words}.",
                "Work {words} into the response.",
                "Somewhere in your reply, the [word|words] {words} should appear.",
                "Do not finish without having used the [term|terms] {words}.",
                "I want to read the [word|words] {words} in there.",
            ),
            hearings=(
                "(use|mention|work in|weave in) (the |)(|following |specific )"
                "([word|words]|[keyword|keywords]|[term|terms]|[phrase|phrases])(:|) {words}",
                "(use|mention|work in|weave in) {words}",
                "use (all of |)the ([word|words]|[keyword|keywords]) {words} (somewhere|at least once)",
                "the ([word|words]|[keyword|keywords]) {words} must (appear|be used|be included|be present)",
                "use keywords {words}",
            ),
        ),
    ),
)


def _lowered(params: Params) -> set[str]:
    return {word.lower() for word in params["words"]}


# -- exclude ---------------------------------------------------------------------------------------------------------


def _derive_exclude(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if not m.lower_words:
        return []
    text = m.lower
    near = [word for word in content_words(instruction) if word not in text]
    far = [word for word in AVOIDABLE if word not in text and word not in near]
    wanted = rng().choice((1, 2, 3))
    words = rng().sample(near, min(len(near), rng().choice((0, 1, 1, 2)), wanted))
    words += rng().sample(far, min(len(far), wanted - len(words)))
    return [{"words": words}] if words else []


def _check_exclude(m: Measures, params: Params, reading: str) -> Finding:
    found = [word for word in params["words"] if occurrences(m, word, reading)]
    return Finding(not found, f"has {_quoted(found)}" if found else f"no {_quoted(params['words'])}")


exclude = Type(
    paper="Morphology",
    meaning="None of the words or phrases occurs as a whole word, in any letter case.",
    example={"words": ["very", "really"]},
    derive=_derive_exclude,
    check=_check_exclude,
    readings=READINGS,
    implies=lambda a, b: _lowered(b) <= _lowered(a),
    ifeval="keywords:forbidden_words",
    forms=(
        Form(
            slots={"words": Phrases()},
            phrasings=(
                "Do not use the [word|words] {words:or}.",
                "Avoid the [word|words] {words}.",
                "Get by without the [word|words] {words}.",
                "Nowhere should the [word|words] {words} turn up.",
                "Leave out the [term|terms] {words}.",
                "Your answer must be free of the [word|words] {words}.",
                "Steer clear of {words}; [this word is|these words are] forbidden.",
            ),
            hearings=(
                "not use (the |)(|following |specific )"
                "([word|words]|[keyword|keywords]|[term|terms]|[phrase|phrases])(:|) {words:or}",
                "not (use|mention|say) {words:or}",
                "not (mention|say) the [word|words] {words:or}",
                "the ([word|words]|[keyword|keywords]) {words:or} must not (appear|be used|be included|be present)",
                "(leave out|omit|exclude|skip) the ([word|words]|[term|terms]|[phrase|phrases]) {words:or}",
                "not use keywords {words:or}",
                "not use the forbidden [word|words] {words:or}",
            ),
        ),
    ),
)


# -- frequency -------------------------------------------------------------------------------------------------------


def _derive_frequency(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    words = [word for word in _most_telling(m, instruction) if m.spaced_vocabulary[word] >= 2]
    if not words:
        return []
    word = rng().choice(words)
    amounts = propose([occurrences(m, word, reading) for reading in READINGS], rng, (AT_LEAST, AT_LEAST, EXACTLY))
    return [{"word": word, **amount} for amount in amounts]


def _check_frequency(m: Measures, params: Params, reading: str) -> Finding:
    count = occurrences(m, params["word"], reading)
    return Finding(holds(count, params), f'"{params["word"]}" {number_of(count, "time", "times")}', asked(params))


_TIMES = "{n} [time|times]"
_NOUNS = "the word |the keyword |the term |the phrase "
frequency = Type(
    paper="Keywords",
    meaning="How often the word or phrase occurs, as a whole word, in any letter case, stands in the relation to n.",
    example={"relation": AT_LEAST, "word": "river", "n": 3},
    derive=_derive_frequency,
    check=_check_frequency,
    readings=READINGS,
    implies=narrower,
    ifeval="keywords:frequency",
    forms=tuple(
        Form(
            fixed={"relation": relation},
            slots={"word": Phrase(5), "n": Number()},
            phrasings=tuple(template.replace("TIMES", _TIMES) for template in phrasings),
            hearings=tuple(
                template.replace("TIMES", _TIMES).replace("(THE|)", f"(|{_NOUNS})").replace("THE", f"({_NOUNS})")
                for template in hearings
            ),
        )
        for relation, phrasings, hearings in (
            (
                AT_LEAST,
                (
                    "Use the word {word} at least TIMES.",
                    "The word {word} should appear at least TIMES.",
                    "Mention {word} no fewer than TIMES.",
                    "Let the word {word} occur TIMES or more.",
                    "I want to find {word} in the text at least TIMES.",
                    "Repeat the term {word} until it has come up at least TIMES.",
                ),
                (
                    "(use|mention|say|repeat) (THE|){word} (at least TIMES|TIMES or more)",
                    "THE{word} must (appear|occur|be used) (at least TIMES|TIMES or more)",
                    "(use|mention) (THE|){word} over {n:-1} [time|times]",
                    "THE{word} must (appear|occur|be used) over {n:-1} [time|times]",
                ),
            ),
            (
                AT_MOST,
                (
                    "Use the word {word} at most TIMES.",
                    "The word {word} should appear no more than TIMES.",
                    "Mention {word} TIMES at the most.",
                    "Let the word {word} occur TIMES or fewer.",
                    "I do not want to find {word} in the text more than TIMES.",
                    "Do not repeat the term {word} beyond TIMES.",
                ),
                (
                    "(use|mention|say|repeat) (THE|){word} (at most TIMES|TIMES or less|TIMES or fewer)",
                    "THE{word} must (appear|occur|be used) (at most TIMES|TIMES or less|TIMES or fewer)",
                    "(use|mention) (THE|){word} under {n:+1} [time|times]",
                    "THE{word} must (appear|occur|be used) under {n:+1} [time|times]",
                    "not use (THE|){word} over TIMES",
                    "THE{word} must not (appear|occur|be used) over TIMES",
                ),
            ),
            (
                EXACTLY,
                (
                    "Use the word {word} exactly TIMES.",
                    "The word {word} should appear exactly TIMES.",
                    "Mention {word} TIMES, no more and no less.",
                    "Let the word {word} occur precisely TIMES.",
                    "I want to find {word} in the text exactly TIMES.",
                    "The term {word} has to come up TIMES in all.",
                ),
                (
                    "(use|mention|say|repeat) (THE|){word} exactly TIMES",
                    "THE{word} must (appear|occur|be used) exactly TIMES",
                ),
            ),
        )
    ),
)

"""Words that the response holds, how often, and words that it does without. Letter case never matters."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import Final

from crab.constraints.frequency import how_often
from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, Phrase, Phrases
from crab.constraints.quantity import AT_LEAST, EXACTLY, propose
from crab.constraints.sparing import sparingly
from crab.constraints.wordlists import AVOIDABLE, STOP_WORDS
from crab.core.text import Measures

READINGS: Final = ("whole words", "between spaces", "anywhere")
"""Not part of a longer word; standing alone but for punctuation; also inside longer words, as IFEval looks."""

_TOP = 15
_MOST = 20  # words in a sentence that lists them


def occurrences(m: Measures, phrase: str, reading: str) -> int:
    """How often a word or phrase occurs."""
    needle = phrase.lower()
    if reading == "anywhere":
        return m.lower.count(needle)
    if needle.isalnum():
        return (m.vocabulary if reading == "whole words" else m.spaced_vocabulary)[needle]
    return _standing_alone(m.lower, needle)


def _standing_alone(text: str, needle: str) -> int:
    """How often a phrase occurs that is no part of a longer word; a pattern of its own would have to be compiled."""
    count, start = 0, text.find(needle)
    while start >= 0:
        end = start + len(needle)
        alone = not (_in_word(text[start - 1 : start]) or _in_word(text[end : end + 1]))
        count += alone
        start = text.find(needle, end if alone else start + 1)
    return count


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


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
    breaks=("drop_named",),
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
            slots={"words": Phrases(_MOST)},
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
                "use (all of |)the ([word|words]|[keyword|keywords]) {words} somewhere",
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
    breaks=("add_named",),
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
            slots={"words": Phrases(_MOST)},
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
                "not (mention|say) the ([word|words]|[keyword|keywords]) {words:or}",
                "not use (|the )(word|keyword|name|phrase|term) {words:or}",
                "not use mentioning {words:or}",
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


frequency = how_often(
    breaks=("drop_named", "add_named"),
    paper="Keywords",
    meaning="How often the word or phrase occurs, as a whole word, in any letter case, stands in the relation to n.",
    noun="word",
    slot=Phrase(5),
    called=("", "the word", "the keyword", "the term"),
    example="river",
    count=occurrences,
    readings=READINGS,
    derive=_derive_frequency,
    ifeval="keywords:frequency",
)


# -- phrases ---------------------------------------------------------------------------------------------------------


def _repeated_phrase(m: Measures) -> str:
    """The pair of neighbouring words that is repeated most, neither of them a stop word; "" if there is none."""
    repeated = {
        word
        for word, count in m.spaced_vocabulary.items()
        if count >= 2 and len(word) >= 3 and word.isalpha() and word not in STOP_WORDS
    }
    pairs = Counter([pair for pair in pairwise(m.lower.split()) if pair[0] in repeated and pair[1] in repeated])
    pair, count = max(pairs.items(), key=lambda item: (item[1], item[0]), default=(("", ""), 0))
    return " ".join(pair) if count >= 2 else ""


def _derive_phrase_frequency(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if not (phrase := _repeated_phrase(m)):
        return []
    amounts = propose([occurrences(m, phrase, reading) for reading in READINGS], rng, (AT_LEAST, AT_LEAST, EXACTLY))
    return [{"phrase": phrase, **amount} for amount in amounts]


phrase_frequency = sparingly(
    how_often(
        breaks=("drop_named", "add_named"),
        paper="Keywords",
        meaning="How often the phrase occurs, in any letter case, stands in the relation to n.",
        noun="phrase",
        slot=Phrase(5),
        called=("the phrase", "the expression"),
        example="green tea",
        count=occurrences,
        readings=READINGS,
        derive=_derive_phrase_frequency,
    ),
    0.5,
)

"""How long the response and its parts are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import regex

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.marks import matches
from crab.constraints.phrasing import Form, Number, Params
from crab.constraints.quantity import (
    AROUND,
    AT_LEAST,
    AT_MOST,
    BETWEEN,
    EXACTLY,
    amounts,
    counted,
    number_of,
    round_down,
    round_up,
)
from crab.constraints.sparing import sparingly
from crab.core.text import PARAGRAPH_READINGS, SENTENCE_READINGS, WORD_READINGS, Measures, once


def in_prose(m: Measures) -> bool:
    """Whether sentences are what the response is made of: no JSON, table or code."""
    return not (m.is_json or m.json_block or m.markdown.tables or m.markdown.code)


@once
def _with_marks(m: Measures) -> int:
    """Runs of word characters as Unicode's regular expressions (UTS #18) have them: a lone combining mark is one."""
    return m.word_count() if m.text.isascii() else sum(1 for _ in _WORD_OR_MARK.finditer(m.text))


_WORD_OR_MARK = regex.compile(r"\w+")

num_words = counted(
    breaks=("drop_sentence", "repeat_sentence", "drop_words", "add_words"),
    paper="Length",
    meaning="The number of words stands in the relation to n; words are runs of word characters.",
    one="word",
    many="words",
    counts={
        **{reading: partial(Measures.word_count, reading=reading) for reading in WORD_READINGS},
        "word characters and marks": _with_marks,
    },
    prefer=(AT_LEAST, AT_MOST, BETWEEN, AROUND),
    ifeval="length_constraints:number_words",
    forms=amounts(
        "word",
        "words",
        verb="Write",
        relations=(AT_LEAST, AT_MOST, EXACTLY, BETWEEN, AROUND),
        own={
            AT_LEAST: (
                "Write at least {n} words.",
                "The answer should be no shorter than {n} words.",
                "Give me {n} words or more.",
                "Let the text run to at least {n} words.",
                "A minimum of {n} words is required.",
                "Anything shorter than {n} words is too short.",
                "Do not write fewer than {n} words.",
            ),
            AT_MOST: (
                "Write at most {n} words.",
                "Keep the answer to {n} words or fewer.",
                "Keep it under {n:+1} words.",
                "The text must not be longer than {n} words.",
                "You have {n} words at most.",
                "Limit yourself to {n} words.",
                "Do not exceed {n} words.",
            ),
            BETWEEN: (
                "Write between {low} and {high} words.",
                "Keep the length between {low} and {high} words.",
                "Aim for {low} to {high} words.",
                "The answer should run to {low}-{high} words.",
                "Anywhere from {low} to {high} words is fine.",
                "Write no fewer than {low} and no more than {high} words.",
            ),
        },
        heard={
            AT_MOST: ("be shorter than {n:+1} words", "be no longer than {n} words", "not be longer than {n} words"),
            AT_LEAST: ("be longer than {n:-1} words", "not be shorter than {n} words"),
        },
    ),
)

# The most and the fewest sentences that anyone could see: NLTK's Punkt, which IFEval uses, ends some at "etc." and at
# "1.", and none at an ellipsis.
_end_marks = matches(r"[.!?]++(?=[\s\"'”’)\]}*_`]|\Z)", ".!?")
_ellipses = matches(r"(?:\.\.\.|…)(?=\s)", ".…")

num_sentences = counted(
    breaks=("drop_sentence", "repeat_sentence", "join_sentences", "split_sentences"),
    paper="Length",
    meaning="The number of sentences stands in the relation to n; a line break ends a sentence too.",
    one="sentence",
    many="sentences",
    counts={
        **{reading: partial(Measures.sentence_count, reading=reading) for reading in SENTENCE_READINGS},
        "every end mark": lambda m: _end_marks(m) + (m.unwrapped[-1:] not in ".!?"),
        "no ellipsis": lambda m: m.sentence_count("punkt") - _ellipses(m),
    },
    prefer=(EXACTLY, AT_LEAST, AT_MOST, BETWEEN),
    when=in_prose,
    ifeval="length_constraints:number_sentences",
    forms=amounts(
        "sentence",
        "sentences",
        verb="Write",
        heard={
            EXACTLY: ("answer in {n} [sentence|sentences]",),
        },
    ),
)

num_paragraphs = counted(
    breaks=("join_paragraphs", "split_paragraphs", "append_sentence", "drop_paragraph"),
    paper="Paragraphs and separators",
    meaning="The number of paragraphs stands in the relation to n; a blank line separates paragraphs.",
    one="paragraph",
    many="paragraphs",
    counts={reading: partial(Measures.paragraph_count, reading=reading) for reading in PARAGRAPH_READINGS},
    prefer=(EXACTLY, EXACTLY, AT_LEAST, AT_MOST),
    when=in_prose,
    forms=amounts(
        "paragraph",
        "paragraphs",
        verb="Write",
        heard={
            EXACTLY: (
                "answer in {n} [paragraph|paragraphs]",
                "use {n} paragraphs,( and|) separated by a (|single )blank line",
                "use {n} paragraphs, with a (|single )blank line separating every paragraph",
                "use {n} paragraphs, with a clear separation between every paragraph using a (|single )blank line",
                "use {n} paragraph with no specific spacing or separators(| required)",
            )
        },
    ),
)

num_characters = sparingly(
    counted(
        breaks=("drop_sentence", "repeat_sentence", "drop_words", "add_words"),
        paper="Length",
        meaning="The number of characters, spaces included, stands in the relation to n; white space around it aside.",
        one="character",
        many="characters",
        counts={
            "with spaces": lambda m: len(m.body),
            "as written": lambda m: len(m.text),
            "without spaces": lambda m: sum(map(len, m.words("between spaces"))),
        },
        prefer=(AT_LEAST, AT_MOST, BETWEEN),
        when=lambda m: len(m.body) >= 100,  # of a shorter text, one counts words
        forms=amounts(
            "character",
            "characters",
            verb="Write",
            also_called=(("character including spaces", "characters including spaces"),),
        ),
    ),
    0.3,
)


def _longest(
    paper: str,
    meaning: str,
    one: str,
    many: str,
    where: str,
    readings: tuple[tuple[str, str], ...],
    measure: Callable[..., int],
    phrasings: tuple[str, ...],
    hearings: tuple[str, ...],
    most: int,
    breaks: tuple[str, ...] = (),
) -> Type:
    """A type that limits the longest part of the response; `measure` takes the two halves of a reading."""
    named = {f"{a}; {b}" if b else a: (a, b) for a, b in readings}

    def longest(m: Measures, reading: str) -> int:
        return measure(m, *(half for half in named[reading] if half))

    def derive(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
        if not in_prose(m):
            return []
        longest_of_all = max(longest(m, reading) for reading in named)
        limit = round_up(longest_of_all * rng().choice((1.0, 1.0, 1.1)))
        return [{"n": limit}] if 1 < limit <= most else []

    def check(m: Measures, params: Params, reading: str) -> Finding:
        found = longest(m, reading)
        return Finding(found <= params["n"], f"{number_of(found, one, many)} {where}", f"at most {params['n']}")

    return Type(
        paper=paper,
        meaning=meaning,
        example={"n": 20},
        forms=(Form(slots={"n": Number(least=1)}, phrasings=phrasings, hearings=hearings),),
        derive=derive,
        check=check,
        readings=tuple(named),
        implies=lambda a, b: a["n"] <= b["n"],
        breaks=breaks,
    )


words_per_sentence = _longest(
    breaks=("add_words", "join_sentences"),
    paper="Words per sentence",
    meaning="No sentence has more than n words.",
    one="word",
    many="words",
    where="in the longest sentence",
    readings=tuple(product(SENTENCE_READINGS, WORD_READINGS)),
    measure=Measures.words_per_sentence,
    most=60,
    phrasings=(
        "No sentence should have more than {n} [word|words].",
        "Keep every sentence to {n} [word|words] or fewer.",
        "Use sentences of at most {n} [word|words].",
        "Each sentence may hold {n} [word|words] at most.",
        "Do not let a single sentence run past {n} [word|words].",
        "Sentences longer than {n} [word|words] are not allowed.",
        "Cap your sentences at {n} [word|words].",
    ),
    hearings=(
        "(no|not a single) sentence must (be longer than|exceed|use over|be over) {n} [word|words]",
        "(keep|limit) (every|all) sentence(|s) (to|under|within) at most {n} [word|words]",
        "(keep|limit) (every sentence|sentences|your sentences) to (|at most ){n} [word|words]",
        "keep (every sentence|sentences|your sentences|all sentences) under {n:+1} [word|words]",
        "every sentence must (be|use) at most {n} [word|words]( long|)",
        "every sentence must (be|use) under {n:+1} [word|words]( long|)",
        "every sentence must not (be longer than|exceed|use over) {n} [word|words]",
        "use at most {n} [word|words] (per|in every) sentence",
        "at most {n} [word|words] (per|in every) sentence",
        "every sentence must use {n} [word|words] or (fewer|less)",
        "sentences must (be|use) at most {n} [word|words]( long|)",
    ),
)

sentences_per_paragraph = _longest(
    breaks=("repeat_sentence", "join_paragraphs"),
    paper="Sentences per paragraph",
    meaning="No paragraph has more than n sentences.",
    one="sentence",
    many="sentences",
    where="in the longest paragraph",
    readings=tuple(product(PARAGRAPH_READINGS, SENTENCE_READINGS)),
    measure=Measures.sentences_per_paragraph,
    most=12,
    phrasings=(
        "No paragraph should have more than {n} [sentence|sentences].",
        "Keep every paragraph to {n} [sentence|sentences] or fewer.",
        "Use paragraphs of at most {n} [sentence|sentences].",
        "Each paragraph may hold {n} [sentence|sentences] at most.",
        "Start a new paragraph after {n} [sentence|sentences] at the latest.",
        "Paragraphs longer than {n} [sentence|sentences] are not allowed.",
        "Cap your paragraphs at {n} [sentence|sentences].",
    ),
    hearings=(
        "no paragraph must (be longer than|exceed|use over|be over) {n} [sentence|sentences]",
        "(keep|limit) (every paragraph|paragraphs|your paragraphs) to (|at most ){n} [sentence|sentences]",
        "keep (every paragraph|paragraphs|your paragraphs) under {n:+1} [sentence|sentences]",
        "every paragraph must (be|use) at most {n} [sentence|sentences]( long|)",
        "every paragraph must (be|use) under {n:+1} [sentence|sentences]( long|)",
        "every paragraph must not (be longer than|exceed|use over) {n} [sentence|sentences]",
        "(use |)at most {n} [sentence|sentences] (per|in every) paragraph",
    ),
)


characters_per_word = _longest(
    breaks=("say_long_word", "join_words"),
    paper="Characters per word",
    meaning="No word is longer than n characters; punctuation around a word does not count.",
    one="character",
    many="characters",
    where="in the longest word",
    readings=(("word characters", ""), ("between spaces", "")),
    measure=Measures.longest_word,
    most=20,
    phrasings=(
        "No word should be longer than {n} [character|characters].",
        "Use only words of at most {n} [character|characters].",
        "Keep every word to {n} [character|characters] or fewer.",
        "Each word may be {n} [character|characters] long at most.",
        "Words with more than {n} [character|characters] are off limits.",
        "Choose words that do not exceed {n} [character|characters].",
        "Stick to words no longer than {n} [character|characters].",
    ),
    hearings=tuple(
        template.replace("LETTERS", noun)
        for noun in ("[character|characters]", "[letter|letters]")
        for template in (
            "(no|not a single) word must (be longer than|exceed|use over|be over) {n} LETTERS",
            "keep (every word|words|all words) under {n:+1} LETTERS",
            "every word must (be|use) at most {n} LETTERS( long|)",
            "every word must (be|use) under {n:+1} LETTERS( long|)",
            "every word must not (be longer than|exceed|use over) {n} LETTERS",
            "not use words (longer than|of over|with over) {n} LETTERS",
            "use (|only )words (of|with) at most {n} LETTERS",
        )
    ),
)


def _shortest_sentence(m: Measures, reading: str) -> int:
    sentence_reading, word_reading = _SENTENCE_WORDS[reading]
    return m.shortest_sentence(sentence_reading, word_reading)


def _derive_shortest(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    if not in_prose(m) or m.sentence_count() < 2:
        return []
    fewest = min(_shortest_sentence(m, reading) for reading in _SENTENCE_WORDS)
    return [{"n": round_down(fewest)}] if fewest >= 4 else []


def _check_shortest(m: Measures, params: Params, reading: str) -> Finding:
    found = _shortest_sentence(m, reading)
    if not m.sentence_count():
        return Finding(False, "no sentence", f"at least {params['n']}")
    return Finding(
        found >= params["n"],
        f"{number_of(found, 'word', 'words')} in the shortest sentence",
        f"at least {params['n']}",
    )


_SENTENCE_WORDS = {f"{a}; {b}": (a, b) for a, b in product(SENTENCE_READINGS, WORD_READINGS)}

least_words_per_sentence = Type(
    breaks=("add_ending", "add_exclamation", "append_plain_line"),
    paper="Words per sentence",
    meaning="Every sentence has at least n words, and there is a sentence.",
    example={"n": 5},
    derive=_derive_shortest,
    check=_check_shortest,
    readings=tuple(_SENTENCE_WORDS),
    implies=lambda a, b: a["n"] >= b["n"],
    forms=(
        Form(
            slots={"n": Number(least=1)},
            phrasings=(
                "Every sentence should have at least {n} [word|words].",
                "No sentence may be shorter than {n} [word|words].",
                "Use sentences of at least {n} [word|words] each.",
                "Let each sentence run to {n} [word|words] or more.",
                "Do not write a sentence of fewer than {n} [word|words].",
                "A sentence needs {n} [word|words] at the very least.",
            ),
            hearings=(
                "every sentence must (be|use) at least {n} [word|words]( long|)",
                "(no|not a single) sentence must (be shorter than|use under|be under) {n} [word|words]",
                "(use |)at least {n} [word|words] (per|in every) sentence",
            ),
        ),
    ),
)

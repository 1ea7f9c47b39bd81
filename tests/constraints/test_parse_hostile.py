"""Texts that mean harm to a reader of sentences: they are not read, and quickly."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.parse_coverage import labels
from crab import constraints

PLAIN = "Use at least 3 bullet points."
UNITS = (
    "a ",
    "3 ",
    '"',
    "“",
    "'a ",
    "‘a’ ",
    "at least 3 words or more ",
    "use ",
    "not use ",
    "to ensure clarity and ",
    "*a",
    "[a",
    "<<",
    "words: a, ",
    "-",
    " \t\u2003",
    "\u202e\u0645 ",
    "\u200b",
    "\x00",
    "one two-",
    "in the response ",
    ", and ",
    "P.S. ",
    "3. \n",
)


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_long_texts_take_little_time(unit):
    longest = unit * (1000 // len(unit))  # the longest text that is looked at
    started = time.process_time()
    for text in (longest, PLAIN[:-1] + " " + longest[:900], unit * (1_000_000 // len(unit))):
        constraints.parse(text)
    assert time.process_time() - started < 0.2
    started = time.process_time()
    constraints.parse_all(unit * (5000 // len(unit)))
    constraints.parse_all(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u202e", "\u2066", "\x00", "\x1b[31m", "\ue000", "\ue002", "\u00ad", "\ufeff"]
)
def test_hidden_characters_inside_a_sentence_are_not_overlooked(mark):
    assert constraints.parse(PLAIN) is not None
    for place in range(1, len(PLAIN) - 1):
        assert constraints.parse(PLAIN[:place] + mark + PLAIN[place:]) is None


def test_spaces_capitals_and_full_width_digits_do_not_matter():
    read = constraints.parse(PLAIN)
    for text in (PLAIN.upper(), PLAIN.replace(" ", "\n\t "), f"  {PLAIN}  ", PLAIN.replace("3", "３"), f"- {PLAIN}"):
        again = constraints.parse(text)
        assert again is not None
        assert (again.type, again.params) == (read.type, read.params)


WORDS = sorted({word for label in labels("everyday") for word in label.text.split()})


@settings(max_examples=400, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=14))
def test_words_of_constraints_in_any_order_give_a_sound_reading_or_none(words):
    text = " ".join(words)
    for read in (constraints.parse(text), *constraints.parse_all(text)):
        if read is not None:
            constraints.check(read, "Any text. At all!")

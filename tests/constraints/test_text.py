"""The measures: what each reading counts."""

import time

import pytest

from crab.core.text import SENTENCE_READINGS, WORD_READINGS, Measures, measures


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("don't stop", (3, 2, 2)),
        ("a - b", (2, 3, 2)),
        ("state-of-the-art", (4, 1, 4)),
        ("3.14 and 1,000", (5, 3, 3)),
        ("中文 ok", (2, 2, 3)),
        ("snake_case", (1, 1, 1)),
        ("", (0, 0, 0)),
        ("\u200b😀", (0, 1, 0)),
    ],
)
def test_words_under_each_reading(text, counts):
    assert tuple(Measures(text).word_count(reading) for reading in WORD_READINGS) == counts


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Mr. Fox ran. He won!", (2, 2, 2, 2)),
        ("A line\nand another", (2, 1, 2, 1)),
        ("See e.g. Bob. Then go.", (2, 2, 2, 2)),
        ("1. One.\n2. Two.", (2, 2, 2, 2)),
        ("P.S. Bring a coat. P.P.S. A hat too.", (2, 2, 2, 2)),
        ("***\n---\n123", (0, 0, 0, 0)),
        ("你好。再见！", (1, 1, 2, 2)),
    ],
)
def test_sentences_under_each_reading(text, counts):
    assert tuple(Measures(text).sentence_count(reading) for reading in SENTENCE_READINGS) == counts


def test_longest_parts():
    m = Measures("One two three. Four.\n\nFive six seven eight nine. Ten! Eleven?")
    assert m.words_per_sentence("punkt", "word characters") == 5
    assert m.sentences_per_paragraph("blocks", "rules") == 3
    assert m.longest_word() == 6


def test_line_ends_and_surrogates_are_levelled():
    assert Measures("a\r\nb\rc").lines == ["a", "b", "c"]
    assert Measures("\ud800").text == "\ufffd"


def test_json_in_any_depth_and_length():
    assert Measures("[" * 100_000).json[1] == "nested too deeply"
    assert Measures("9" * 100_000).json == (float("inf"), "")
    assert Measures("[NaN]").json[1]
    assert Measures("{\n}\n").is_json
    assert Measures("a\n{\n}\nb").json_block
    assert not Measures("a\n{\nb\n}").json_block


def test_measures_are_made_once():
    assert measures("some text") is measures("some text")
    m = Measures("one two")
    assert m.words() is m.words()


@pytest.mark.parametrize("unit", ["!?", '."', "a.", "(."])
def test_sentence_ends_in_a_long_run_without_spaces_take_linear_time(unit):
    started = time.process_time()
    Measures(unit * 60_000).sentences("punkt")
    assert time.process_time() - started < 3  # linear: 0.1 s; what the splitter takes by itself: 10 s and more

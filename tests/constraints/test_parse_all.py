"""Texts of several constraints: all of them, or none."""

import pytest

from benchmarks.parse_coverage import labels
from crab import constraints


def read(text):
    return [(found.type, found.params) for found in constraints.parse_all(text)]


BULLETS = ("items:num_bullets", {"relation": "at least", "n": 3})
NO_COMMA = ("punctuation:no_comma", {})
SPANISH = ("language:is", {"language": "es"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use at least 3 bullet points and no commas. Answer in Spanish.", [BULLETS, NO_COMMA, SPANISH]),
        ("- Use at least 3 bullet points\n- No commas\n\n- Answer in Spanish", [BULLETS, NO_COMMA, SPANISH]),
        ("1. No commas\n2. Answer in Spanish", [NO_COMMA, SPANISH]),
        ("No commas; answer in Spanish!", [NO_COMMA, SPANISH]),
        ("Don't use commas, but use at least 3 bullet points.", [NO_COMMA, BULLETS]),
        (
            "Keep every sentence under 20 words and use at least 3 bullet points.",
            [("length:words_per_sentence", {"n": 19}), BULLETS],
        ),
        (
            'End with "Salt and pepper. Bye." and include the words "salt" and "pepper".',
            [
                ("place:end_with", {"phrase": "Salt and pepper. Bye."}),
                ("keywords:include", {"words": ["salt", "pepper"]}),
            ],
        ),
        ("Use at least 3 bullet points.", [BULLETS]),
    ],
)
def test_every_part_is_read(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Write a poem. Use no commas.",
        "Use no commas. Be kind.",
        "Use no commas and be kind.",
        "Use no commas and semicolons.",
        "Include a table. It must be in lowercase.",  # the table, or the response?
        "Each paragraph must have at most 3 sentences and at most 50 words.",  # 50 words in each
        "No paragraph may have more than 3 sentences or 50 words.",
        "Use at least 3 bullet points, each of at most 10 words.",
        "Use at least 3 bullet points and 2 paragraphs per section.",
        "In the title, use no commas and at least 3 words.",
        "Use no commas, unless you must.",
        "If the answer is long, use at least 3 bullet points and no commas.",
        'Include the word "salt" and "pepper" at least twice.',
        "No commas. " * 1000,
    ],
)
def test_a_text_that_is_not_read_in_full_is_not_read_at_all(text):
    assert read(text) == []


def test_each_part_keeps_its_own_words():
    text = "Use at least 3 bullet points and no commas. Answer in Spanish."
    assert [found.text for found in constraints.parse_all(text)] == [
        "Use at least 3 bullet points",
        "no commas.",
        "Answer in Spanish.",
    ]


def test_what_parse_reads_parse_all_reads_too():
    for label in labels("everyday"):
        if (single := constraints.parse(label.text)) is not None:
            assert constraints.parse_all(label.text) == [single]


def test_a_sentence_without_a_right_reading_is_split_only_where_it_is_compound():
    for label in labels("everyday"):
        if label.type is None and label.group != "none: compound":
            assert constraints.parse_all(label.text) == [], label.text

"""What a witness quotes is found in the response, as whole words, and nothing of the response is changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.report.spans import EXCERPT, excerpt, quoted


@pytest.mark.parametrize(
    ("response", "witness", "marked"),
    [
        ("Tea is hot. TEA is brown, teapots are not.", 'has "tea"', ["Tea", "TEA"]),
        ("<<A walk>>\n\nGo.", "title <<A walk>>", ["<<A walk>>"]),
        ("Good news! It is over.", 'starts with "good news!"', ["Good news!"]),
        ("red green", 'has "red", "green"', ["red", "green"]),
        ("one two", "2 words", []),
        ("a tea", 'no "coffee"', []),
        ("a+b aab", 'has "a+b"', ["a+b"]),
        ("listen well, listen", 'has "listen", "listen well"', ["listen well", "listen"]),
        ("He said yes.", "quotes “said yes”", ["said yes"]),
    ],
)
def test_marked(response: str, witness: str, marked: list[str]) -> None:
    assert [segment.text for segment in excerpt(response, witness) if segment.marked] == marked


def test_a_long_response_is_cut_around_the_first_span() -> None:
    response = "word " * 400 + "needle " + "word " * 400
    shown = excerpt(response, 'has "needle"')
    assert [segment.text for segment in shown if segment.marked] == ["needle"]
    assert (shown[0].text, shown[-1].text) == ("… ", " …")
    assert sum(len(segment.text) for segment in shown) <= EXCERPT + 4


@given(st.text(max_size=60), st.text(max_size=30))
def test_a_short_response_is_whole(response: str, witness: str) -> None:
    assert "".join(segment.text for segment in excerpt(response, f'has "{witness}"')) == response


def test_empty_quotes_are_none() -> None:
    assert quoted('has "", " " and "x"') == ["x"]

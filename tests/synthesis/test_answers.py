"""Whatever a model writes is read as data: no text ends the process, and none passes for something else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.core import io
from crab.core.records import Rejected
from crab.engines.base import Response
from crab.synthesis.answers import Unreadable, clean, read_object, sentence

KEYS = ("a", "b")


def read(text: str, finished: bool = True) -> object:
    return read_object(Response("1", text, finished, 1, 1), KEYS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "x", "b": null}', {"a": "x", "b": None}),
        ('```json\n{"a": "x", "b": "y"}\n```', {"a": "x", "b": "y"}),
        ('Here you are: {"a": "x", "b": "two\nlines"}', {"a": "x", "b": "two\nlines"}),
        ('{"a": "x", "b": "y", "c": "z"}', {"a": "x", "b": "y", "c": "z"}),
        (f'{{"a": {"9" * 5000}, "b": 1e999}}', {"a": "9" * 5000, "b": "1e999"}),
    ],
)
def test_an_object_is_found(text: str, expected: object) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "finished", "reason"),
    [
        ("", True, "empty"),
        (" \n", True, "empty"),
        ('{"a": "x", "b": "y', False, "cut off"),
        ('{"a": "x"}', False, "cut off"),
        ('{"a": "x", "b": ', True, "unreadable"),
        ('{"a": "x"}', True, "wrong fields"),
        ('{"a": "x", "a": "y", "b": "z"}', True, "unreadable"),
        ('{"a": "x", "b": "y"} and {"a": "no", "b": "no"}', True, "unreadable"),
        ("{'a': 'x', 'b': __import__('os').system('touch pwned')}", True, "unreadable"),
        ("[" * 100000 + "]" * 100000, True, "unreadable"),
        ('{"a":' * 100000 + "1" + "}" * 100000, True, "unreadable"),
        ("I'm sorry, but I can't help with that.", True, "refused"),
        ("I cannot judge this.", True, "refused"),
        ("yes", True, "unreadable"),
        ("null", True, "unreadable"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, finished: bool, reason: str) -> None:
    found = read(text, finished)
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_an_engines_error_is_the_reason() -> None:
    found = read_object(Response("1", "", False, 0, 0, "timed out"), KEYS)
    assert found == Unreadable("timed out", "")


@given(st.text(), st.booleans())
def test_any_text_is_read_or_refused_and_can_be_written_down(text: str, finished: bool) -> None:
    for attempt in (text, f"{{{text}}}", json.dumps({"a": text, "b": text})):
        found = read(attempt, finished)
        if isinstance(found, Unreadable):
            io.dumps(Rejected("s", found.reason, found.detail, {}))
        else:
            assert isinstance(found, dict)
            said = sentence(found["a"])
            io.dumps(Rejected("s", str(said), "", {"text": said if isinstance(said, str) else ""}))


@pytest.mark.parametrize("nothing", [None, "", "NULL", "n/a", " None. ", "Not applicable"])
def test_a_field_that_does_not_apply(nothing: object) -> None:
    assert sentence(nothing) is None


@pytest.mark.parametrize("wrong", [3, True, ["x"], {"x": "y"}, "x" * 401, "?!…"])
def test_a_field_that_is_no_sentence(wrong: object) -> None:
    assert isinstance(sentence(wrong), Unreadable)


def test_texts_are_one_visible_line() -> None:
    assert clean("Use\u202e three\n\x00 \u200bbullets\ud800.") == "Use three bullets."

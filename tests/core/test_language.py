"""Languages are told, or left open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.core.language import UNDETERMINED, identify, second_opinion


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The quick brown fox jumps over the lazy dog near the river.", "en"),
        ("La volpe veloce salta sopra il cane pigro vicino al fiume.", "it"),
        ("Der schnelle braune Fuchs springt über den faulen Hund am Fluss.", "de"),
        ("השועל החום המהיר קופץ מעל הכלב העצלן ליד הנהר הגדול.", "he"),
        ("我们今天去市场买了很多新鲜的蔬菜和水果，然后回家做了一顿丰盛的晚餐。", "zh"),
        ("Yes.", "und"),
        ("🐱😺🐾", "und"),
        ("x = 4", "und"),
        ("", "und"),
    ],
)
def test_language_is_told_or_left_open(text: str, code: str) -> None:
    assert identify(text) == code


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_language_of_any_text(text: str) -> None:
    assert identify(text) == identify(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The quick brown fox jumps over the lazy dog near the river.", "en"),
        ("La volpe veloce salta sopra il cane pigro vicino al fiume.", "it"),
        ("Båten går fra havnen om morgenen og kommer tilbake når det blir mørkt.", "no"),
        ("https://x.org/a1b2 https://x.org/c3d4 https://x.org/e5f6", UNDETERMINED),
    ],
)
def test_a_second_opinion(text: str, code: str) -> None:
    assert second_opinion(text) == code


def test_a_second_opinion_reads_the_beginning_only() -> None:
    english = "The quick brown fox jumps over the lazy dog. " * 40
    assert second_opinion(english + "Der Fuchs springt über den faulen Hund. " * 400) == "en"

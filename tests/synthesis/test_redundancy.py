from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.synthesis.redundancy import leaked_span, rouge_l, tokens

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=12)


def longest_common_subsequence(a: list[str], b: list[str]) -> int:
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@given(WORDS, WORDS)
def test_rouge_l_is_the_f1_of_the_longest_common_subsequence(a: list[str], b: list[str]) -> None:
    expected = 2 * longest_common_subsequence(a, b) / (len(a) + len(b)) if a or b else 1.0
    assert rouge_l(a, b) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Begin with: one two three four five six seven", "one two three four five six"),
        ("Begin with: one two three four five", None),
        ("Write about the six small things in my room", None),
    ],
)
def test_a_span_of_six_response_words_leaks(text: str, expected: str | None) -> None:
    response = "One, two, three, four, five, six, seven! Write about the six small things in my room."
    instruction = "write about the six small things in my room"
    assert leaked_span(text, response, instruction, max_words=5) == expected


def test_words_are_counted_without_punctuation_and_case() -> None:
    assert tokens("Say 'Hello', twice!") == ["say", "hello", "twice"]

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.core.records import Seed
from crab.data import filters

PROSE = "This is a sentence of plain prose that goes on for a while and then comes to its end. " * 4


def seed(response: str, instruction: str = "say something", language: str = "en") -> Seed:
    return Seed("id", "test", instruction, response, language)


@pytest.mark.parametrize(
    ("words", "limits", "reason"),
    [
        (5, (5, None, None), ""),
        (4, (5, None, None), "response too short"),
        (5, (0, 5, None), ""),
        (6, (0, 5, None), "response too long"),
        (5, (0, None, 2), ""),
        (5, (0, None, 1), "instruction too long"),
        (0, (0, None, None), ""),
    ],
)
def test_length_counts_whitespace_words(words: int, limits: tuple[int, int | None, int | None], reason: str) -> None:
    answer = filters.length(seed("a-b,  " * words), *limits)
    assert (answer.ok, answer.reason) == (reason == "", reason)


@pytest.mark.parametrize(
    ("language", "allowed", "undetermined", "ok"),
    [
        ("en", ["en"], False, True),
        ("fr", ["en"], True, False),
        ("fr", ["en", "fr"], False, True),
        ("und", ["en"], True, True),
        ("und", ["en"], False, False),
    ],
)
def test_language_passes_what_is_allowed(language: str, allowed: list[str], undetermined: bool, ok: bool) -> None:
    answer = filters.language(seed("text", language=language), allowed, undetermined)
    assert answer.ok is ok
    assert answer.reason == ("" if ok else "other language")


@pytest.mark.parametrize(
    "response",
    [
        "As an AI language model, I have no opinions.",
        "As an artificial intelligence, I cannot feel.",
        "I'm sorry, but I can't help with that.",
        "I’m very sorry, but I cannot assist with that.",
        "Sorry, I can't do that.",
        "I am afraid I am unable to provide this.",
        "Unfortunately, I don't have that information.",
        "I cannot assist with this request.",
        "I can't comply.",
        "I won't help with this.",
        "I do not have access to the internet.",
        "I'm just an AI, so no.",
        "Hello! As an AI, I have no birthday.",
        "I must respectfully decline.",
    ],
)
def test_refusals_are_found_at_the_start(response: str) -> None:
    assert filters.refusal(seed(response)).reason == "refusal"


@pytest.mark.parametrize(
    "response",
    [
        "Sorry Bob, we cannot come to your party. Love, Ann",
        "I'm sorry for your loss. Here is a poem for you.",
        "Unfortunately, the museum closes at five.",
        "As an airline, we care about safety.",
        "As a reader, you want suspense.",
        "I can help with that! First, open the file.",
        "I don't like green eggs, said Sam.",
        "The clerk answered: I'm sorry, but I can't help with that.",
        "Air is a mixture of gases.",
        "",
    ],
)
def test_other_openings_are_not_refusals(response: str) -> None:
    assert filters.refusal(seed(response)).ok


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ("Here you are:\n```python\nprint(1)\n", "fence never closed"),
        (PROSE + "After that he went to the shop and bought", "breaks off"),
        (PROSE + "He bought bread, butter,", "ends with a comma"),
        (PROSE + "\n- milk\n- and", "ends with a conjunction"),
        (PROSE + "see the note (", "ends with a bracket"),
    ],
)
def test_truncated_answers_are_found(response: str, why: str) -> None:
    assert filters.truncated(seed(response)).reason == "truncated", why


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (PROSE, "ends well"),
        ("After that he went to the shop and bought", "short"),
        (PROSE + "\n```\ncode\n```", "fence closed"),
        (PROSE + "\nBest regards,\nAnn", "signature"),
        (PROSE + "\n- bread and butter from the shop on the corner of this street", "list item"),
        (PROSE + "\n3. bread and butter from the shop on the corner of this street", "numbered item"),
        (PROSE + "\n| a | b c d e f g h | i j k |", "table"),
        (PROSE + "\nSee https://example.org/a/b", "address"),
        (PROSE + '\n"Never say never," he said, and she said "never"', "quotation"),
        (PROSE + "\n這是一個完整的句子。", "another script's full stop"),
        (PROSE + " 🎉", "emoji"),
        (PROSE + "\nFollow us for more and tell all of your friends #bread #butter", "hashtags"),
        ("\n".join(["roses are red and violets are blue my dear friend"] * 8), "verse without marks"),
        ("x", "one letter"),
    ],
)
def test_complete_answers_pass(response: str, why: str) -> None:
    assert filters.truncated(seed(response)).ok, why


@given(st.text(min_size=1).filter(str.strip))
def test_every_filter_answers_any_text(text: str) -> None:
    for check in (filters.refusal, filters.truncated):
        answer = check(seed(text.strip()))
        assert answer.ok == (answer.reason == "")

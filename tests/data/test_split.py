from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.data.split import assign, normalise


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Tell me about bees.", "tell me  about\nBEES", True),
        ("  what is this?", "What is this", True),
        ("ｆｕｌｌ width", "full width", True),
        ("what is 2 + 2", "what is 2 - 2", False),
        ("tell me about bees", "tell me about trams", False),
        ("?!", "!?", False),
    ],
)
def test_what_makes_no_difference(one: str, other: str, same: bool) -> None:
    assert (normalise(one) == normalise(other)) is same
    if same:
        assert assign(one, 0, 0.3, 0.3) == assign(other, 0, 0.3, 0.3)


def test_a_split_is_what_it_was() -> None:
    # Written down, so that a change of the hash cannot pass unnoticed: it would move held-out data into training.
    splits = {n: assign(f"instruction {n}", split_seed=0, dev=0.1, heldout=0.2) for n in range(21)}
    assert [n for n, split in splits.items() if split == "heldout"] == [2, 6, 10, 12, 17]
    assert [n for n, split in splits.items() if split == "dev"] == [19, 20]


def test_shares_hold_on_average() -> None:
    splits = [assign(str(number), 1, dev=0.08, heldout=0.2) for number in range(20_000)]
    assert splits.count("heldout") / 20_000 == pytest.approx(0.2, abs=0.015)
    assert splits.count("dev") / 20_000 == pytest.approx(0.08, abs=0.01)


@given(st.text(), st.integers(0, 5))
def test_what_is_held_out_stays_so_when_more_is(instruction: str, seed: int) -> None:
    if assign(instruction, seed, dev=0.1, heldout=0.2) == "heldout":
        assert assign(instruction, seed, dev=0.3, heldout=0.4) == "heldout"


def test_no_share_is_no_split() -> None:
    assert {assign(str(number), 0, dev=0.0, heldout=0.0) for number in range(500)} == {"train"}

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from crab.config.mix import MixConfig
from crab.core.records import Constraint, Example
from crab.data import mix as mixing
from tests.sections import from_conf

TYPES = [
    ("length:num_words", {"relation": "at least", "n": 10}),
    ("items:num_bullets", {"relation": "exactly", "n": 2}),
    ("place:start_with", {"phrase": "in short,"}),
    ("case:all_lowercase", {}),
]


def load(name: str, **changes: Any) -> MixConfig:
    return from_conf(MixConfig, "mix", name, **changes)


def examples(count: int) -> list[Example]:
    constraints = tuple(Constraint(t, p, f"text of {t}.", bits=1.0) for t, p in TYPES)
    return [
        Example(f"id-{i}", "s", f"instruction {i // 2}", f"response {i}", "en", constraints=constraints)
        for i in range(count)
    ]


def test_the_plain_mix_states_nothing_and_has_no_reverse() -> None:
    mixed = mixing.build(examples(20), load("none"))
    assert mixed.reverse == []
    assert {row.prompt[-1]["content"] for row in mixed.forward} == {f"instruction {i}" for i in range(10)}


def test_the_toy_mix_serves_both_directions_from_every_record() -> None:
    mixed = mixing.build(examples(20), load("toy"))
    assert {row.seed_id for row in mixed.forward} == {row.seed_id for row in mixed.reverse}
    assert {row.weight for row in (*mixed.forward, *mixed.reverse)} == {1.0}  # alpha is the trainer's
    assert {2 <= len(row.constraint_types) <= 4 for row in mixed.forward} == {True}
    for row in mixed.reverse:
        assert len(row.completion[0]["content"].splitlines()) == len(row.constraint_types)


def test_disjoint_records_serve_one_direction() -> None:
    mixed = mixing.build(examples(100), load("paper"))
    forward, backward = ({row.seed_id for row in rows} for rows in (mixed.forward, mixed.reverse))
    assert not forward & backward
    assert (len(forward), len(backward)) == (70, 30)


def test_demonstrations_are_earlier_turns_and_never_siblings() -> None:
    mixed = mixing.build(examples(300), load("paper"))
    turns = Counter((len(row.prompt) - 1) // 2 for row in mixed.forward)
    assert 0.4 < 1 - turns[0] / len(mixed.forward) < 0.6
    assert set(turns) == {0, 1, 2, 3}
    for row in mixed.forward:
        own = int(row.seed_id.removeprefix("id-")) // 2
        answers = [turn["content"] for turn in row.prompt if turn["role"] == "assistant"]
        assert all(int(answer.removeprefix("response ")) // 2 != own for answer in answers)


def test_rows_do_not_depend_on_the_order_of_the_file() -> None:
    records = examples(30)
    assert mixing.build(records, load("paper")) == mixing.build(records[::-1], load("paper"))


def test_a_record_without_anything_to_state_leaves_a_line() -> None:
    mixed = mixing.build(examples(3), load("toy", selection={"min_bits": 9.0}))
    assert len(mixed.forward) == 3
    assert [line.reason for line in mixed.rejected] == ["no constraint for a reverse row"] * 3


def test_weights_of_zero_leave_a_category_out() -> None:
    mixed = mixing.build(examples(50), load("toy", selection={"weights": {"items": 0, "place": 0}}))
    used = {name for row in (*mixed.forward, *mixed.reverse) for name in row.constraint_types}
    assert used == {"length:num_words", "case:all_lowercase"}


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("toy", {"count": {"low": 3, "high": 2, "share": 1.0}}, "low = 3 is above high = 2"),
        ("toy", {"layouts": {"sentences": 0.0}}, "one above 0"),
        ("paper", {"selection": {"default_weight": 0.0, "weights": {"length": 0, "items": 0}}}, "all weights are 0"),
    ],
)
def test_mixes_that_cannot_work_are_refused(name: str, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        load(name, **changes)

"""False numbers: exactly the planned constraints, false by check, in their own words; nothing else changes."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab import constraints as registry
from crab.config.mix import MixConfig
from crab.constraints.phrasing import Number
from crab.constraints.registry import TYPES
from crab.core.records import Constraint, Example
from crab.data import mix as mixing
from crab.data.falsify import Falsifier, falsified, number_slots
from tests.sections import from_conf

RESPONSES = [
    "- tea is warm.\n- milk is cold.\n- water is neither.",
    "In short, tea is warm, and milk is cold! Water is neither! That is all!",
    "1. tea\n2. milk\n\nP.S. water too.",
    "Tea is warm. Milk is cold and white.\n\nWater is neither warm nor white, but it is clear. It costs 3 coins.",
]


def examples(count: int) -> list[Example]:
    made = []
    for number in range(count):
        response = RESPONSES[number % len(RESPONSES)] + f" Cup {number} of {count} is full."
        found = tuple(registry.derive(response, "tell me about tea", random_seed=number))
        made.append(Example(f"id-{number}", "s", f"instruction {number}", response, "en", constraints=found))
    return made


def load(**changes: Any) -> MixConfig:
    return from_conf(MixConfig, "mix", "toy", selection={"min_bits": 0.0}, **changes)


def without_numbers(constraint: Constraint) -> tuple[str, dict[str, Any]]:
    return constraint.type, {k: v for k, v in constraint.params.items() if k not in number_slots(constraint)}


@settings(max_examples=20, deadline=None)
@given(share=st.sampled_from([0.0, 0.1, 0.35, 1.0]), seed=st.integers(0, 1000))
def test_what_is_changed_is_false_and_what_is_not_is_true(share: float, seed: int) -> None:
    for example in examples(4):
        falsifier = Falsifier(share, seed)
        stated = falsifier.state(example, example.constraints)
        changed = 0
        for before, after in zip(example.constraints, stated, strict=True):
            if after == before:
                assert registry.check(after, example.response).satisfied
                continue
            changed += 1
            assert without_numbers(after) == without_numbers(before)
            assert not any(registry.check_readings(after, example.response).values())
            parsed = registry.parse(after.text)
            assert parsed is not None
            assert (parsed.type, parsed.params) == (after.type, after.params)
        numbers = falsifier.numbers
        assert numbers.made_false == changed
        assert numbers.stated == sum(bool(number_slots(one)) for one in example.constraints)
        if share == 1.0:
            assert numbers.made_false + numbers.left_true == numbers.stated
        if share == 0.0:
            assert changed == 0


@pytest.mark.parametrize("share", [0.1, 0.35])
def test_the_share_is_met_and_a_larger_one_adds_to_it(share: float) -> None:
    records = examples(120)
    small, large = Falsifier(share, 0), Falsifier(0.6, 0)
    for example in records:
        before = example.constraints
        few, more = small.state(example, before), large.state(example, before)
        assert all(b == c for a, b, c in zip(before, few, more, strict=True) if b != a)
    planned = small.numbers.made_false + small.numbers.left_true
    n = small.numbers.stated
    assert n > 500
    assert abs(planned - share * n) < 4 * (n * share * (1 - share)) ** 0.5


def test_a_sentence_of_ours_keeps_its_words() -> None:
    text = "Anything shorter than 40 words is too short."
    parsed = registry.parse(text)
    assert parsed is not None
    false = falsified(parsed, "word " * 57, random.Random(0))
    assert false is not None
    assert false.params["relation"] == "at least"
    assert false.params["n"] > 57
    assert false.params["n"] % 5 == 0  # round, as it was
    assert false.text == text.replace("40", str(false.params["n"]))


def test_where_no_number_is_false_the_constraint_stays() -> None:
    empty = Constraint("length:num_words", {"relation": "at least", "n": 1}, "Write at least 1 word.")
    assert falsified(empty, "", random.Random(0)) is not None  # any number is false of nothing
    most = Constraint("length:num_words", {"relation": "at most", "n": 5}, "Write at most 5 words.")
    assert falsified(most, "", random.Random(0)) is None
    falsifier = Falsifier(1.0, 0)
    example = Example("a", "s", "i", "", "en", constraints=(most,))
    assert falsifier.state(example, example.constraints) == [most]
    assert falsifier.numbers.left_true == 1


def test_what_came_false_with_its_data_stays_as_it_is() -> None:
    false = Constraint("length:num_words", {"relation": "at least", "n": 50}, "Write at least 50 words.")
    falsifier = Falsifier(1.0, 0)
    assert falsifier.state(Example("a", "s", "i", "two words", "en"), [false]) == [false]
    assert falsifier.numbers.made_false == 0


def test_every_type_with_a_number_is_known() -> None:
    numbered = {
        name for name, kind in TYPES.items() for f in kind.forms if any(isinstance(s, Number) for s in f.slots.values())
    }
    assert {"length:num_words", "items:num_bullets", "keywords:frequency"} <= numbered
    for name in numbered:
        kind = TYPES[name]
        example = Constraint(name, kind.example, "")
        form = kind.form(kind.example)
        assert bool(number_slots(example)) == any(isinstance(slot, Number) for slot in form.slots.values())


def test_rows_differ_in_their_numbers_only() -> None:
    records = examples(40)
    true, half, false = (mixing.build(records, load(false_share=share)) for share in (0.0, 0.5, 1.0))
    assert true.numbers.made_false == 0
    assert true.numbers.stated == half.numbers.stated == false.numbers.stated
    assert 0 < half.numbers.made_false < false.numbers.made_false
    for task in ("forward", "reverse"):
        for before, after in zip(getattr(true, task), getattr(false, task), strict=True):
            assert (before.seed_id, before.constraint_types) == (after.seed_id, after.constraint_types)
    assert [row.completion for row in true.forward] == [row.completion for row in false.forward]
    assert [row.prompt for row in true.reverse] == [row.prompt for row in false.reverse]
    assert [row.prompt for row in true.forward] != [row.prompt for row in false.forward]


def test_both_directions_of_a_record_state_the_same_number() -> None:
    mixed = mixing.build(examples(30), load(false_share=0.5, count={"low": 99, "high": 99}))
    asked = {row.seed_id: row.prompt[-1]["content"] for row in mixed.forward}
    shared = [
        line.removeprefix("- ").rstrip(".") in asked[row.seed_id]
        for row in mixed.reverse
        for line in row.completion[0]["content"].splitlines()
    ]
    assert sum(shared) / len(shared) > 0.9  # each direction draws among those that imply each other


def test_shots_are_rows_too() -> None:
    shots = {"share": 1.0, "max_shots": 1}
    plain = mixing.build(examples(30), load(false_share=0.0))
    assert mixing.build(examples(30), load(demonstrations=shots)).numbers.stated > plain.numbers.stated

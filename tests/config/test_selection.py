"""Weights of constraint types, as files and command lines write them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from crab.config.selection import SelectionConfig


def selection(**weights: object) -> SelectionConfig:
    return SelectionConfig.model_validate({"weights": weights, "default_weight": 1.0, "min_bits": 0.0})


def test_a_type_may_stand_in_its_category() -> None:
    found = selection(**{"items:num_bullets": 1.0, "place": 0.5, "items": {"num_bullets": 0, "num_rows": 2.0}})
    assert found.weights == {"items:num_bullets": 0, "place": 0.5, "items:num_rows": 2.0}
    assert [found.weight(f"items:{name}") for name in ("num_bullets", "num_rows", "num_steps")] == [0.0, 2.0, 1.0]


def test_a_category_of_0_leaves_its_types_out() -> None:
    found = selection(**{"items": 0, "items:num_bullets": 1.0})
    assert found.weight("items:num_bullets") == 0.0
    assert found.weight("place:end_with") == 1.0


def test_what_is_no_weight_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"weights\.items:num_bullets"):
        selection(items={"num_bullets": "much"})
    with pytest.raises(ValidationError, match="must not be negative: items:num_bullets"):
        selection(items={"num_bullets": -1.0})

from __future__ import annotations

import dataclasses
import math
import pickle

from crab import constraints
from crab.config.verify import VerifyConfig
from crab.core.records import Constraint, Example
from crab.synthesis.information import Information
from crab.synthesis.verify import verify


def test_what_the_rules_found_is_true_weighed_and_traced(examples: list[Example], verify_config: VerifyConfig) -> None:
    information = Information(examples, verify_config)
    for example in examples:
        result = verify(example, information, verify_config)
        dropped = [line for line in result.rejected if "constraint" in line.record]
        assert len(result.example.constraints) + len(dropped) == len(example.constraints)
        assert {line.reason for line in dropped} <= {"redundant"}
        for constraint in result.example.constraints:
            assert constraint.verdict is not None
            assert constraint.verdict.satisfied
            assert constraint.bits is not None
            assert constraints.check(constraint, example.response).satisfied


def test_a_false_constraint_never_passes(examples: list[Example], verify_config: VerifyConfig) -> None:
    """Seeded faults: every constraint of every other record that is false here is caught."""
    information = Information(examples, verify_config)
    planted = caught = 0
    for example in examples:
        foreign = [c for other in examples for c in other.constraints]
        false = [c for c in foreign if not constraints.check(c, example.response).satisfied]
        planted += len(false)
        result = verify(dataclasses.replace(example, constraints=tuple(false)), information, verify_config)
        assert result.example.constraints == ()
        caught += sum(line.reason == "not satisfied" for line in result.rejected)
    assert planted > 500
    assert caught == planted


def test_bits_fall_with_how_common_a_constraint_is(examples: list[Example], verify_config: VerifyConfig) -> None:
    information = Information(examples, verify_config)
    lowercase, capitals = (Constraint(f"case:all_{case}", {}, "") for case in ("lowercase", "uppercase"))
    share = [
        sum(constraints.check(c, e.response).satisfied for e in examples) / len(examples) for c in (lowercase, capitals)
    ]
    bits = [information.bits(constraint, examples[-1]) for constraint in (lowercase, capitals)]
    assert share[0] > share[1]
    assert bits[0] < bits[1]
    for value, expected in zip(bits, share, strict=True):
        assert abs(value + math.log2(expected)) < 0.7


def test_bits_do_not_depend_on_file_order(examples: list[Example], verify_config: VerifyConfig) -> None:
    ways = [Information(corpus, verify_config) for corpus in (examples, examples[::-1])]
    for example in examples:
        for constraint in example.constraints:
            assert ways[0].bits(constraint, example) == ways[1].bits(constraint, example)


def test_a_leaking_text_is_rejected(examples: list[Example], verify_config: VerifyConfig) -> None:
    example = examples[-1]
    (first, *_) = example.constraints
    leaking = dataclasses.replace(first, text="Say that tea is warm milk is cold and white.")
    result = verify(
        dataclasses.replace(example, constraints=(leaking,)), Information(examples, verify_config), verify_config
    )
    assert [line.reason for line in result.rejected] == ["leaks the response", "no constraint left"]


def test_weighing_survives_a_process_and_forgets_no_sibling(
    examples: list[Example], verify_config: VerifyConfig
) -> None:
    """What is sent to another process weighs alike; siblings beyond the first ones change nothing."""
    information = Information(examples, verify_config)
    copied = pickle.loads(pickle.dumps(information))
    few = Information(examples, verify_config.model_copy(update={"sibling_responses": 2}))
    for example in examples[:6]:
        for constraint in example.constraints:
            assert copied.bits(constraint, example) == information.bits(constraint, example)
            assert few.bits(constraint, example) > 0

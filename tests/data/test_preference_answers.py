"""The answer that is learnt is the best one, and no prompt vanishes without a line."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab import constraints as registry
from crab.core.records import Constraint, Rejected, TrainingRow
from crab.data.preference_answers import best, original
from crab.data.preferences import PreferencePrompt, Sample, from_samples, score


def parsed(text: str) -> Constraint:
    found = registry.parse(text)
    assert found is not None, text
    return found


CONSTRAINTS = tuple(parsed(text) for text in ("Write at least 3 words.", "Do not use commas."))
TEXTS = ["", "rain", "rain fell all night", "rain fell, all night", "rain, rain", "the rain fell on the hills"]
SAMPLES = st.lists(st.builds(Sample, st.sampled_from(TEXTS), st.booleans()), min_size=1, max_size=5)


def prompt(*constraints: Constraint, name: str = "s") -> PreferencePrompt:
    return PreferencePrompt(name, [{"role": "user", "content": "Go."}], constraints)


def one(
    samples: list[Sample], keep: str, asked: PreferencePrompt | None = None, seed: int = 0
) -> TrainingRow | Rejected:
    rows, rejected = best([asked or prompt(*CONSTRAINTS)], [samples], keep, seed)  # type: ignore[arg-type]
    [result] = [*rows, *rejected]
    return result


@given(SAMPLES, st.sampled_from(["any", "better", "all_met"]), st.integers(0, 3))
def test_nothing_that_was_sampled_is_better(samples: list[Sample], keep: str, seed: int) -> None:
    result = one(samples, keep, seed=seed)
    scores = [score(CONSTRAINTS, sample) for sample in samples]
    if isinstance(result, TrainingRow):
        chosen = Sample(result.completion[0]["content"], True)
        assert chosen in samples
        assert score(CONSTRAINTS, chosen) == max(scores) >= 0
        assert result.constraint_types == tuple(constraint.type for constraint in CONSTRAINTS)
    kept = max(scores) >= 0 and (
        keep == "any" or (keep == "better" and min(scores) < max(scores)) or (keep == "all_met" and max(scores) == 1)
    )
    assert isinstance(result, TrainingRow) == kept
    assert result == one(samples, keep, seed=seed)


@given(SAMPLES)
def test_a_prompt_with_a_pair_has_a_better_answer(samples: list[Sample]) -> None:
    pairs, _ = from_samples([prompt(*CONSTRAINTS)], [samples])
    if pairs:
        result = one(samples, "better")
        assert isinstance(result, TrainingRow)
        chosen = pairs[0].chosen[0]["content"]
        assert score(CONSTRAINTS, Sample(chosen, True)) == score(
            CONSTRAINTS, Sample(result.completion[0]["content"], True)
        )


@pytest.mark.parametrize(
    ("samples", "keep", "reason"),
    [
        ([Sample("rain", True), Sample("rain fell,", True)], "all_met", "not all met"),
        ([Sample("rain fell", True), Sample("rain", True)], "better", "tie"),
        ([Sample("rain fell all night", False), Sample(" ", True)], "any", "no finished sample"),
        ([], "any", "no finished sample"),
    ],
)
def test_reasons(samples: list[Sample], keep: str, reason: str) -> None:
    result = one(samples, keep)
    assert isinstance(result, Rejected)
    assert (result.stage, result.reason, result.record["seed_id"]) == ("dpo", reason, "s")


def test_ties_are_broken_by_hash_and_not_by_place() -> None:
    samples = [Sample(f"rain fell all night {number}", True) for number in range(4)]
    asked = [prompt(*CONSTRAINTS, name=f"s{number}") for number in range(40)]
    rows, _ = best(asked, [samples] * 40, "any", 0)
    assert len(Counter(row.completion[0]["content"] for row in rows)) == 4


def test_the_records_own_response_is_learnt() -> None:
    rows, rejected = original([prompt(*CONSTRAINTS, name="a"), prompt(name="b")], {"a": "It rains.", "b": "No."})
    assert [(row.seed_id, row.completion, row.task, row.weight) for row in rows] == [
        ("a", [{"role": "assistant", "content": "It rains."}], "forward", 1.0)
    ]
    assert [(line.reason, line.record["seed_id"]) for line in rejected] == [("no constraint", "b")]

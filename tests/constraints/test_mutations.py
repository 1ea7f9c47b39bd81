"""Every checkable type can be broken by small edits that its own checker catches: on cases, real and other texts."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab import constraints
from crab.constraints.edits import EDITS
from crab.constraints.registry import TYPES
from crab.core.errors import ParameterError
from crab.core.records import Constraint

CASES = Path(__file__).parents[1] / "cases"
SHARED = Path(os.environ.get("CRAB_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@cache
def witnesses() -> dict[str, list[tuple[Constraint, str]]]:
    """Responses of the case files with a constraint that they satisfy under every reading, by type."""
    found = defaultdict(list)
    for file in sorted(CASES.glob("*.json")):
        for case in json.loads(file.read_text(encoding="utf-8")):
            if case.get("expected") and case["type"] in TYPES and len(case["response"]) < 2000:
                constraint = Constraint(case["type"], case["params"], "")
                if all(constraints.check_readings(constraint, case["response"]).values()):
                    found[case["type"]].append((constraint, case["response"]))
    return found


def is_vacuous(constraint: Constraint) -> bool:
    """Whether every text that is not empty satisfies it."""
    at_least = constraint.params.get("relation") == "at least" or "least_" in constraint.type
    return at_least and constraint.params.get("n", 1) <= int(constraint.type == "length:least_characters_per_word")


def assert_broken(constraint: Constraint, response: str, edited: str) -> None:
    assert edited != response
    assert edited.strip()
    assert set(constraints.check_readings(constraint, edited).values()) == {False}
    assert not constraints.check(constraint, edited).satisfied


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_mutations_that_its_checker_catches(name: str) -> None:
    known = [(constraint, text) for constraint, text in witnesses()[name] if not is_vacuous(constraint)]
    assert known, "no witness in the case files holds under every reading"
    for constraint, response in known:
        found = list(islice(constraints.mutate(constraint, response), 5))
        assert found, (constraint.params, response)
        for mutation in found:
            assert_broken(constraint, response, mutation.response)
            assert mutation.edit in EDITS
            assert mutation.amount >= 1


@pytest.mark.parametrize("name", TYPES)
def test_the_edits_that_a_type_names_are_edits_and_break_it(name: str) -> None:
    assert set(TYPES[name].breaks) <= set(EDITS)
    if TYPES[name].breaks:
        used = {
            mutation.edit
            for constraint, response in witnesses()[name]
            for mutation in islice(constraints.mutate(constraint, response), 8)
        }
        assert used & set(TYPES[name].breaks)


def real_pairs(every: int) -> Iterator[tuple[str, str]]:
    number = 0
    for file in sorted((SHARED / "seeds").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            number += 1
            if number % every == 0:
                row = json.loads(line)
                yield row["instruction"], row["output"]


@pytest.mark.skipif(not (SHARED / "seeds").is_dir(), reason=f"no real responses at {SHARED}; set CRAB_SHARED_DATA")
@pytest.mark.parametrize("every", [500, pytest.param(20, marks=pytest.mark.slow)])
def test_what_holds_of_real_responses_can_be_broken_alone(every: int, capsys: pytest.CaptureFixture[str]) -> None:
    broken, alone, edits = Counter[str](), Counter[str](), Counter[str]()
    for instruction, response in real_pairs(every):
        derived = constraints.derive(response, instruction)
        for constraint in derived:
            mutation = next(constraints.mutate(constraint, response), None)
            assert mutation is not None, (constraint, response[:300])
            assert_broken(constraint, response, mutation.response)
            broken[constraint.type] += 1
            edits[mutation.edit] += 1
        for constraint in derived[:: 1 + len(derived) // 6]:
            others = [other for other in derived if other is not constraint]
            alone[f"{constraint.type} tried"] += 1
            if kept := next(constraints.mutate(constraint, response, keep=others), None):
                assert_broken(constraint, response, kept.response)
                assert all(all(constraints.check_readings(other, kept.response).values()) for other in others)
                alone[constraint.type] += 1
    tried = sum(count for name, count in alone.items() if name.endswith(" tried"))
    kept_all = alone.total() - tried
    with capsys.disabled():
        print(
            f"\n{broken.total()} constraints of {len(broken)} types broken by {len(edits)} edits, all caught; "
            f"of {tried} tried, {100 * kept_all / tried:.0f} % with all others of the response kept"
        )
    assert kept_all > 0.5 * tried


TEXTS = st.lists(
    st.sampled_from(
        [
            "Tea is warm.",
            "MILK IS COLD!",
            "- a\n- b\n- c",
            "# Head",
            "1. one\n2. two",
            "In short, no.",
            "**bold** word",
            '{"a": 1}',
            "```\nx\n```",
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "Dear Ann,",
            "P.S. Bye.",
            "你好，世界。",
            "😀",
            "?",
        ]
    ),
    min_size=1,
    max_size=5,
).map("\n\n".join)


@settings(max_examples=25, deadline=None)
@given(text=TEXTS, number=st.integers(0, 1000))
def test_what_holds_of_any_text_can_be_broken(text: str, number: int) -> None:
    derived = constraints.derive(text, "Say something about the harbour.", random_seed=number)
    for constraint in derived[number % 3 :: 3]:
        mutation = next(constraints.mutate(constraint, text, random_seed=number), None)
        assert mutation is not None, (constraint, text)
        assert_broken(constraint, text, mutation.response)
        assert mutation == next(constraints.mutate(constraint, text, random_seed=number))


RESPONSE = "The first of them was tea, they said. Nobody drank the milk. Then came water, and all went home."


def parsed(text: str) -> Constraint:
    found = constraints.parse(text)
    assert found is not None, text
    return found


def test_others_are_kept_where_they_held() -> None:
    target, comma, words = (
        parsed("Write exactly 3 sentences."),
        parsed("Use no commas."),
        parsed("Write at most 22 words."),
    )
    found = list(islice(constraints.mutate(target, RESPONSE, keep=[comma, words]), 20))
    assert found
    assert all(constraints.check(words, mutation.response).satisfied for mutation in found)
    assert len({mutation.response for mutation in found}) == len(found)
    assert list(constraints.mutate(target, RESPONSE, keep=[target])) == []


def test_a_constraint_that_the_response_fails_has_nothing_to_break() -> None:
    assert list(constraints.mutate(parsed("Write at most 3 words."), RESPONSE)) == []


def test_no_more_is_changed_than_it_takes() -> None:
    mutation = next(constraints.mutate(parsed("Write at least 10 words."), RESPONSE))
    assert (mutation.edit, mutation.amount) == ("drop_sentence", 2)
    mutation = next(constraints.mutate(parsed("Do not use any exclamation marks."), RESPONSE))
    assert mutation.response.count("!") == 1
    assert len(mutation.response) == len(RESPONSE) + 1


@pytest.mark.parametrize(
    "broken", [Constraint("length:num_wrods", {}, ""), Constraint("length:words_per_sentence", {}, "")]
)
def test_unsound_parameters_are_errors(broken: Constraint) -> None:
    good = parsed("Write at most 22 words.")
    for target, keep in ((broken, good), (good, broken)):
        with pytest.raises(ParameterError):
            next(constraints.mutate(target, RESPONSE, keep=[keep]), None)

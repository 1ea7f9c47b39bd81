"""Which numbers and words are chosen, and how the readings decide."""

import random

import pytest

from crab import constraints
from crab.constraints.quantity import AROUND, AT_LEAST, AT_MOST, BETWEEN, EXACTLY, propose, round_down, round_up
from crab.core.records import Constraint


@pytest.mark.parametrize(
    ("n", "down", "up"), [(0, 0, 0), (7, 7, 7), (12, 10, 15), (57, 50, 60), (299, 290, 300), (310, 300, 350)]
)
def test_natural_numbers(n, down, up):
    assert (round_down(n), round_up(n)) == (down, up)


def proposals(counts, relation):
    found = [propose(counts, lambda seed=seed: random.Random(seed), [relation]) for seed in range(50)]
    return {tuple(params.items()) for many in found for params in many}


def test_every_reading_grants_the_threshold():
    assert {dict(found)["n"] for found in proposals([57, 61, 66], AT_LEAST)} == {45, 50}
    assert {dict(found)["n"] for found in proposals([57, 61, 66], AT_MOST)} == {70, 80}
    assert proposals([57, 61, 66], BETWEEN) == {(("relation", "between"), ("low", 50), ("high", 80))}
    assert proposals([57, 61, 66], AROUND) == {(("relation", "around"), ("n", 60))}
    assert proposals([4, 4], EXACTLY) == {(("relation", "exactly"), ("n", 4))}


def test_where_readings_differ_too_much_nothing_is_asked():
    assert proposals([4, 5], EXACTLY) == set()
    assert proposals([52, 61, 69], AROUND) == set()
    assert proposals([10, 40], AT_LEAST) == set()
    assert proposals([0, 0], AT_MOST) == set()


def test_at_least_asks_for_something():
    assert proposals([1], AT_LEAST) == set()
    assert {dict(found)["n"] for found in proposals([2], AT_LEAST)} == {2}


@pytest.mark.parametrize(
    ("type_", "params", "response", "readings"),
    [
        ("items:num_bullets", {"relation": "exactly", "n": 2}, "* a\n* b", (True, True, True)),
        ("items:num_bullets", {"relation": "exactly", "n": 3}, "- a\n  - b\n- c", (True, False, True)),
        ("items:num_bullets", {"relation": "exactly", "n": 1}, "- a\n\n---\n", (True, True, False)),
        ("keywords:exclude", {"words": ["cat"]}, "concatenate", (True, True, False)),
        ("keywords:include", {"words": ["cat"]}, "the cat's", (True, False, True)),
        ("length:num_words", {"relation": "exactly", "n": 2}, "don't", (True, False, False, True)),
        ("length:num_paragraphs", {"relation": "exactly", "n": 1}, "a\nb", (True, False)),
        ("punctuation:no_comma", {}, "你，好", (False, True)),
    ],
)
def test_verdicts_under_each_reading(type_, params, response, readings):
    found = constraints.check_readings(Constraint(type_, params, ""), response)
    assert tuple(found.values()) == readings


def test_forbidden_words_are_nowhere_in_the_response():
    response, instruction = (
        "Concatenated texts and the catalogue of texts.",
        "Concatenate: catalogue, concaten, alogue.",
    )
    for seed in range(60):
        for found in constraints.derive(response, instruction, random_seed=seed):
            if found.type == "keywords:exclude":
                assert not any(word in response.lower() for word in found.params["words"])


def test_no_type_proposes_what_a_longer_word_contradicts():
    from crab.constraints.keywords import exclude
    from crab.core.text import Measures

    m, told = Measures("Everything is concatenated here."), Measures("cate cate cate concat concat")
    for seed in range(20):
        for params in exclude.derive(m, told, lambda seed=seed: random.Random(seed)):
            assert not {"cate", "concat"} & set(params["words"])

"""Every label is true: checked again here, by the registry itself, over thousands of pairs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab import constraints as registry
from crab.core import io, randomness
from crab.core.records import Constraint, Example, Message, PreferencePair, Seed
from crab.data.preferences import PreferencePrompt, Sample, from_samples, from_witness
from crab.data.world.generate import pairs as world_pairs

ROOT = Path(__file__).parents[2]


def example(seed: Seed, keep: int = 4) -> Example:
    derived = registry.derive(seed.response, seed.instruction, random_seed=0)
    drawn = randomness.rng(0, seed.id).sample(derived, min(keep, len(derived)))
    return Example(seed.id, seed.source, seed.instruction, seed.response, seed.language, {}, tuple(drawn))


def compose(of: Example, constraints: Sequence[Constraint]) -> list[Message]:
    return [{"role": "user", "content": " ".join([of.instruction, *(c.text for c in constraints)])}]


def parsed(text: str) -> Constraint:
    found = registry.parse(text)
    assert found is not None, text
    return found


def assert_label_is_true(pair: PreferencePair, constraints: Sequence[Constraint]) -> None:
    chosen, rejected = pair.chosen[0]["content"], pair.rejected[0]["content"]
    assert pair.failed
    assert chosen != rejected
    for type_ in pair.failed:
        own = [constraint for constraint in constraints if constraint.type == type_]
        assert own
        assert all(registry.check(constraint, chosen).satisfied for constraint in own)
        assert not all(registry.check(constraint, rejected).satisfied for constraint in own)


LONG = "Rain fell on the hills all night. The river rose by a foot. Nobody slept."
LOUD = "RAIN FELL ON THE HILLS ALL NIGHT."
SHORT = "Rain fell."


def prompt(*texts: str) -> PreferencePrompt:
    return PreferencePrompt("s", [{"role": "user", "content": "Go."}], tuple(parsed(text) for text in texts))


def test_the_best_sample_is_chosen_and_the_worst_rejected() -> None:
    asked = prompt("Write at least 12 words.", "Write at least 3 sentences.")
    [pair], [] = from_samples([asked], [[Sample(SHORT, True), Sample(LONG, True), Sample(SHORT + " Far.", True)]])
    assert (pair.chosen[0]["content"], pair.rejected[0]["content"]) == (LONG, SHORT)
    assert pair.failed == tuple(constraint.type for constraint in asked.constraints)
    assert (pair.source, pair.seed_id, pair.prompt) == ("onpolicy", "s", asked.prompt)


def test_an_unfinished_sample_is_never_chosen() -> None:
    asked = prompt("Write at least 12 words.")
    [pair], [] = from_samples([asked], [[Sample(SHORT, False), Sample(LONG, True), Sample(LONG + " More.", False)]])
    assert (pair.chosen[0]["content"], pair.rejected[0]["content"]) == (LONG, SHORT)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([Sample(SHORT, True), Sample(SHORT + " Far.", True)], "tie"),
        ([Sample(LONG, False), Sample("", True), Sample(" \n", True)], "no finished sample"),
        ([], "no finished sample"),
        ([Sample(LONG, True), Sample(LONG + " More.", False)], "no certified difference"),
    ],
)
def test_what_has_no_label_is_rejected_with_a_reason(samples: list[Sample], reason: str) -> None:
    pairs, rejected = from_samples([prompt("Write at least 12 words.")], [samples])
    assert pairs == []
    assert [(line.stage, line.reason) for line in rejected] == [("dpo", reason)]
    assert rejected[0].record["seed_id"] == "s"
    assert rejected[0].detail


def test_a_type_that_the_chosen_response_also_fails_is_not_in_the_label() -> None:
    asked = prompt("Write at least 100 words.", "Write at least 3 sentences.")
    [pair], [] = from_samples([asked], [[Sample(SHORT, True), Sample(LONG, True)]])
    assert pair.failed == (asked.constraints[1].type,)


def test_one_line_for_every_prompt() -> None:
    asked = [prompt("Write at least 12 words.")] * 3
    samples = [[Sample(SHORT, True), Sample(LONG, True)], [Sample(LONG, True)], []]
    pairs, rejected = from_samples(asked, samples)
    assert len(pairs) + len(rejected) == 3


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_labels_of_samples_are_true_whatever_was_sampled(data: st.DataObject) -> None:
    texts = [LONG, LOUD, SHORT, "", "- one\n- two\n- three", '"Rain, rain, rain!"', LONG.lower(), "# Rain\n\n" + LONG]
    source = example(Seed("x", "t", "Write about rain.", data.draw(st.sampled_from([t for t in texts if t])), "en"))
    asked = PreferencePrompt("x", compose(source, source.constraints), source.constraints)
    samples = data.draw(st.lists(st.builds(Sample, st.sampled_from(texts), st.booleans()), max_size=5))
    pairs, rejected = from_samples([asked], [samples])
    assert len(pairs) + len(rejected) == 1
    for pair in pairs:
        assert_label_is_true(pair, asked.constraints)
        assert Sample(pair.chosen[0]["content"], True) in samples


@pytest.fixture(scope="module")
def world() -> list[Example]:
    return [example(seed) for seed in world_pairs(400, 0)]


def test_witness_labels_are_true_on_the_built_in_world(world: list[Example]) -> None:
    for examples in (world, [e for number, e in enumerate(world) if number < 100]):
        pairs, rejected = from_witness(examples, lambda e: e.constraints, compose, random_seed=0)
        assert len(pairs) + len(rejected) == len(examples)
        assert len(pairs) > 0.95 * len(examples), Counter(line.reason for line in rejected)
        by_id = {e.id: e for e in examples}
        for pair in pairs:
            source = by_id[pair.seed_id]
            assert pair.chosen[0]["content"] == source.response
            assert_label_is_true(pair, source.constraints)


def test_siblings_come_before_edits(world: list[Example]) -> None:
    first = world[0]
    sibling = Example("other", "t", first.instruction, "Nothing like it at all", "en", {}, ())
    [pair], rejected = from_witness([first, sibling], lambda e: e.constraints, compose, random_seed=0)
    assert (pair.source, pair.rejected[0]["content"]) == ("sibling", sibling.response)
    assert [(line.reason, line.record["seed_id"]) for line in rejected] == [("no constraint", "other")]


def test_witness_labels_are_true_on_real_responses(shared_data: Path) -> None:
    lines = (shared_data / "seeds" / "gpt4_1106_preview.jsonl").read_text().splitlines()[:40]
    pairs_read = [json.loads(line) for line in lines]
    seeds = [Seed(line["id"], "real", line["instruction"], line["output"], "en") for line in pairs_read]
    examples = [e for e in map(example, seeds) if e.constraints]
    pairs, rejected = from_witness(examples, lambda e: e.constraints, compose, random_seed=0)
    assert len(pairs) > 0.9 * len(examples), Counter(line.reason for line in rejected)
    by_id = {e.id: e for e in examples}
    for pair in pairs:
        assert_label_is_true(pair, by_id[pair.seed_id].constraints)


def test_an_edit_breaks_one_constraint_and_keeps_the_others_where_it_can(world: list[Example]) -> None:
    pairs, _ = from_witness(world[:80], lambda e: e.constraints, compose, random_seed=0)
    edited = [pair for pair in pairs if pair.source.startswith("edit:")]
    assert edited
    assert sum(len(pair.failed) == 1 for pair in edited) > 0.9 * len(edited)


def test_the_same_pairs_in_another_process(tmp_path: Path) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_preferences as t
from pathlib import Path
examples = [t.example(seed) for seed in t.world_pairs(60, 0)]
pairs, rejected = t.from_witness(examples, lambda e: e.constraints, t.compose, random_seed=3)
t.io.write(Path(sys.argv[1]), [*pairs, *rejected])
"""
    for number in (1, 2):
        command = [sys.executable, "-c", program, str(tmp_path / str(number))]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": str(number), "PYTHONPATH": str(ROOT)})
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert io.read(tmp_path / "1", dict)

"""Scores of hand-made prompts, worked by hand, and what must hold of any."""

from __future__ import annotations

import dataclasses
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab import constraints as registry
from crab.core import io
from crab.core.records import Constraint, EvalPrompt
from crab.engines.base import Response
from crab.evaluation import heldout
from crab.evaluation.intervals import Bootstrap

ROOT = Path(__file__).parents[2]
BOOTSTRAP = Bootstrap(random_seed=0, samples=300, confidence=0.95)
BENCHMARK = heldout.Heldout("heldout")
TEXTS = ["Write at least 4 words.", "Do not use any commas.", "Write exactly 2 sentences."]


def constraint(text: str) -> Constraint:
    found = registry.parse(text)
    assert found is not None, text
    return found


def prompt(number: int, texts: list[str], chance: tuple[tuple[bool, ...], ...] = (), **meta: Any) -> EvalPrompt:
    asked = tuple(map(constraint, texts))
    message = f"Write about rain. {' '.join(texts)}"
    return EvalPrompt(
        f"p{number}",
        f"s{number}",
        "Write about rain.",
        [{"role": "user", "content": message}],
        asked,
        "w",
        chance,
        meta,
    )


def response(number: int, text: str, finished: bool = True, error: str | None = None) -> Response:
    return Response(f"p{number}", text, finished, 10, 5, error)


PROMPTS = [
    prompt(0, TEXTS, ((True, True, True), (True, False, False))),
    prompt(1, TEXTS[:1], ((True,), (False,))),
    prompt(2, TEXTS[:2], ((True, True), (True, True))),
]
GOOD = [response(0, "Rain fell. Nobody slept."), response(1, "It rains a lot."), response(2, "Wet and cold, always.")]
POOR = [response(0, "Rain, rain."), response(1, "It rains a lot.", False), response(2, "", False)]


def scored() -> dict[str, list[heldout.Scored]]:
    return {"poor": BENCHMARK.score("poor", PROMPTS, POOR), "good": BENCHMARK.score("good", PROMPTS, GOOD)}


def test_accuracies_are_those_worked_by_hand() -> None:
    result = BENCHMARK.summary(PROMPTS, scored(), BOOTSTRAP)
    # good: 3/3, 1/1, 1/2 constraints; poor: none of 3 (two words, a comma, one sentence), 1/1, 0/2 (empty)
    assert result["good"]["prompt_strict"]["mean"] == pytest.approx(2 / 3, abs=1e-6)
    assert result["good"]["instruction_strict"]["mean"] == pytest.approx(5 / 6, abs=1e-6)
    assert result["poor"]["prompt_strict"]["mean"] == pytest.approx(1 / 3, abs=1e-6)
    assert result["poor"]["instruction_strict"]["mean"] == pytest.approx(1 / 6, abs=1e-6)
    # chance: prompts (1 + 0) / 2, (1 + 0) / 2, 1; constraints 2 of 3, 0.5 of 1, 2 of 2
    assert result["chance"]["prompt_strict"]["mean"] == pytest.approx(2 / 3, abs=1e-6)
    assert result["chance"]["instruction_strict"]["mean"] == pytest.approx(4.5 / 6, abs=1e-6)
    difference = result["differences"]["good-poor"]
    assert difference["prompt_strict"]["mean"] == pytest.approx(1 / 3, abs=1e-6)
    assert difference["instruction_strict"]["mean"] == pytest.approx(4 / 6, abs=1e-6)
    assert {result[name]["prompt_strict"]["n"] for name in ("chance", "poor", "good")} == {3}
    assert result["prompts"] == 3


def test_guards_are_those_worked_by_hand() -> None:
    result = BENCHMARK.summary(PROMPTS, scored(), BOOTSTRAP)
    assert result["good"]["words"] == pytest.approx(4)
    assert result["poor"]["words"] == pytest.approx(2)
    assert (result["good"]["ended"], result["good"]["truncated"]) == (1, 0)
    assert result["poor"]["ended"] == pytest.approx(1 / 3, abs=1e-6)
    assert result["poor"]["empty"] == 1
    assert "grammatical" not in result["good"]  # not the built-in world


def test_guards_of_the_built_in_world() -> None:
    from crab.data.world.generate import pairs

    seeds = list(pairs(4, 0))
    prompts = [dataclasses.replace(prompt(n, TEXTS[:1]), meta=seed.meta) for n, seed in enumerate(seeds)]
    own = BENCHMARK.score("own", prompts, [response(n, seed.response) for n, seed in enumerate(seeds)])
    other = BENCHMARK.score("other", prompts, [response(n, "rain fell over night") for n in range(4)])
    result = BENCHMARK.summary(prompts, {"own": own, "other": other}, BOOTSTRAP)
    assert (result["own"]["grammatical"], result["own"]["on_topic"]) == (1, 1)
    assert (result["other"]["grammatical"], result["other"]["on_topic"]) == (0, 0)


def test_a_foreign_topic_is_no_topic_of_the_world() -> None:
    asked = dataclasses.replace(prompt(0, TEXTS[:1]), meta={"topic": "quantum gravity"})
    [line] = BENCHMARK.score("m", [asked], [response(0, "a b c d")])
    assert (line.grammatical, line.on_topic) == (None, None)


def test_tables_by_type_and_by_count() -> None:
    types = {row.type for row in BENCHMARK.by_type(PROMPTS, scored(), BOOTSTRAP)}
    assert types == {c.type for p in PROMPTS for c in p.constraints}
    length = PROMPTS[1].constraints[0].type
    rows = {row.model: row for row in BENCHMARK.by_type(PROMPTS, scored(), BOOTSTRAP) if row.type == length}
    assert (rows["good"].accuracy, rows["good"].n) == (1, 3)
    assert rows["poor"].accuracy == pytest.approx(1 / 3, abs=1e-6)
    assert rows["chance"].accuracy == pytest.approx(2.5 / 3, abs=1e-6)
    counts = [(row.model, row.constraints, row.accuracy) for row in BENCHMARK.by_count(PROMPTS, scored(), BOOTSTRAP)]
    assert ("good", 2, 0) in counts
    assert ("good", 3, 1) in counts
    assert ("chance", 3, 0.5) in counts
    assert len(counts) == 9


def test_every_verdict_says_why() -> None:
    for line in (*scored()["poor"], *scored()["good"]):
        assert all(verdict.reason for verdict in line.verdicts)
    assert scored()["poor"][2].verdicts[0].reason == "the response is empty"


def test_an_error_fails_and_is_counted_apart() -> None:
    failed = [response(0, "", False, "prompt of 9 tokens leaves no room"), *GOOD[1:]]
    lines = BENCHMARK.score("m", PROMPTS, failed)
    assert not lines[0].passed
    assert lines[0].met == 0
    assert "leaves no room" in lines[0].verdicts[0].reason
    result = BENCHMARK.summary(PROMPTS, {"m": lines}, BOOTSTRAP)["m"]
    assert (result["errors"], result["empty"], result["truncated"]) == (1, 0, 0)
    assert result["ended"] == pytest.approx(2 / 3, abs=1e-6)
    assert result["words"] == pytest.approx(4)


@pytest.mark.parametrize("text", ["", " ", "\n\t\n", "\u00a0"])
def test_an_empty_response_never_passes(text: str) -> None:
    """Not even where an absence is all that is asked."""
    asked = prompt(0, ["Do not use any commas."])
    [line] = BENCHMARK.score("m", [asked], [response(0, text)])
    assert not line.passed
    assert line.met == 0


def test_responses_in_another_order_are_refused() -> None:
    with pytest.raises(ValueError, match="p1"):
        BENCHMARK.score("m", PROMPTS, [GOOD[1], GOOD[0], GOOD[2]])
    with pytest.raises(ValueError, match="argument"):
        BENCHMARK.score("m", PROMPTS, GOOD[:2])


def test_models_are_compared_with_the_one_before() -> None:
    lines = scored()["good"]
    assert list(BENCHMARK.summary(PROMPTS, {"a": lines, "b": lines, "c": lines}, BOOTSTRAP)["differences"]) == [
        "b-a",
        "c-b",
    ]
    assert BENCHMARK.summary(PROMPTS, {"a": lines}, BOOTSTRAP)["differences"] == {}


def test_prompts_without_other_responses_have_no_chance_row() -> None:
    bare = [dataclasses.replace(asked, chance=()) for asked in PROMPTS]
    assert "chance" not in BENCHMARK.summary(bare, scored(), BOOTSTRAP)
    assert {row.model for row in BENCHMARK.by_type(bare, scored(), BOOTSTRAP)} == {"poor", "good"}


def test_greedy_requests_in_the_order_of_the_prompts() -> None:
    made = BENCHMARK.requests(PROMPTS, 64)
    assert [request.id for request in made] == ["p0", "p1", "p2"]
    assert {(request.temperature, request.max_new_tokens) for request in made} == {(0.0, 64)}


WORDS = st.lists(st.sampled_from(["rain", "Rain.", "fell,", "\n\n", "- wet", "cold!"]), max_size=12).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, st.integers(1, 3), st.booleans()), min_size=2, max_size=6))
def test_accuracies_stay_in_bounds_and_agree(drawn: list[tuple[str, int, bool]]) -> None:
    prompts = [prompt(n, TEXTS[:count], ((True,) * count,)) for n, (_, count, _) in enumerate(drawn)]
    lines = BENCHMARK.score("m", prompts, [response(n, text, ended) for n, (text, _, ended) in enumerate(drawn)])
    result = BENCHMARK.summary(prompts, {"m": lines}, BOOTSTRAP)
    row = result["m"]
    for measure in ("prompt_strict", "instruction_strict"):
        assert 0 <= row[measure]["low"] <= row[measure]["mean"] <= row[measure]["high"] <= 1
    for line in lines:
        assert line.passed == (line.met == len(line.verdicts))
    by_count = BENCHMARK.by_count(prompts, {"m": lines}, BOOTSTRAP)
    by_type = BENCHMARK.by_type(prompts, {"m": lines}, BOOTSTRAP)
    passed = sum(r.accuracy * r.n for r in by_count if r.model == "m")
    met = sum(r.accuracy * r.n for r in by_type if r.model == "m")
    assert row["prompt_strict"]["mean"] * len(prompts) == pytest.approx(passed, abs=1e-4)
    assert row["instruction_strict"]["mean"] * sum(len(p.constraints) for p in prompts) == pytest.approx(met, abs=1e-4)
    assert result["chance"]["prompt_strict"]["mean"] == 1


def test_the_same_bytes_in_another_process_locale_and_time_zone(tmp_path: Path) -> None:
    program = f"""
import json, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_heldout as t
lines = t.scored()
print(json.dumps(t.BENCHMARK.summary(t.PROMPTS, lines, t.BOOTSTRAP)))
print(*t.BENCHMARK.by_type(t.PROMPTS, lines, t.BOOTSTRAP))
print(*(t.io.dumps(line) for line in lines["good"]), sep="\\n")
"""
    outputs = []
    for seed, zone, locale in (("1", "UTC", "C.UTF-8"), ("2", "Asia/Tokyo", "tr_TR.UTF-8")):
        environment = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
        )
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0].splitlines()[0]) == BENCHMARK.summary(PROMPTS, scored(), BOOTSTRAP)


def test_lines_read_back_as_they_were_written(tmp_path: Path) -> None:
    lines = [line for model in scored().values() for line in model]
    io.write(tmp_path / "heldout.jsonl", lines)
    assert io.read(tmp_path / "heldout.jsonl", heldout.Scored) == lines


def test_a_random_witness_passes_its_own_prompt() -> None:
    """The loop closes: what was derived from a response is met by it, so a perfect model can score 100 %."""
    from crab.data.world.generate import pairs

    rng = random.Random(0)
    prompts, responses = [], []
    for number, seed in enumerate(pairs(80, 0)):
        derived = registry.derive(seed.response, seed.instruction)
        drawn = tuple(rng.sample(derived, min(3, len(derived))))
        prompts.append(dataclasses.replace(prompt(number, TEXTS[:1]), constraints=drawn, meta=seed.meta))
        responses.append(response(number, seed.response))
    result = BENCHMARK.summary(prompts, {"witness": BENCHMARK.score("witness", prompts, responses)}, BOOTSTRAP)
    assert result["witness"]["prompt_strict"]["mean"] == 1
    assert result["witness"]["grammatical"] == 1

"""FollowBench: rules on hand-worked items, the judge's answers, and the numbers made of both."""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.config.benchmarks import FollowBenchConfig, FollowJudgeConfig, PromptsConfig
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, ReplayConfig
from crab.core.errors import DataError
from crab.data.sources import rows
from crab.data.sources.rows import Row
from crab.engines import replay
from crab.engines.base import Response
from crab.evaluation.followbench import items, judge, rules, scores
from crab.evaluation.followbench.benchmark import FollowBench
from crab.evaluation.followbench.items import CATEGORIES, LEVELS, Item
from crab.evaluation.followbench.scores import Scored
from crab.evaluation.intervals import Bootstrap
from crab.prompts import followbench as prompts

CASES = json.loads((Path(__file__).parent / "followbench_cases.json").read_text(encoding="utf-8"))
BOOTSTRAP = Bootstrap(random_seed=0, samples=400, confidence=0.95)
COMPUTE = ComputeConfig(threads=1, device="cpu")
CODE = "0a1b2c3d"


def item(level: int = 2, category: str = "style", source: str = "quora", chain: int = 1, **values: Any) -> Item:
    versions = (*(f"version {number}" for number in range(level)), values.get("instruction", f"version {level}"))
    id_ = f"{category}/{chain}/{level}"
    return Item(id_, category, source, chain, level, versions, values.get("target", ""))


def made(text: str, id_: str = "", finished: bool = True) -> Response:
    return Response(id_, text, finished, 1, 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['source']} {case['level']} {case['why'][:40]}")
def test_hand_worked_items(case: dict[str, Any]) -> None:
    values = {key: case[key] for key in ("target", "instruction") if key in case}
    one = item(case["level"], case["category"], case["source"], case.get("chain", 1), **values)
    official, fixed = rules.decide(one, case["response"]), rules.decide(one, case["response"], fixed=True)
    assert official is not None
    assert fixed is not None
    assert official.satisfied == case["official"], case["why"]
    assert fixed.satisfied == case.get("fixed", case["official"]), case["why"]
    assert bool(official.reason) != official.satisfied


def test_cases_cover_every_rule_and_show_every_fault() -> None:
    keys = {(case["category"], case["source"], case.get("chain")) for case in CASES}
    assert len(keys) == len(rules._RULES)
    shown = {case["source"] for case in CASES if case.get("fixed", case["official"]) != case["official"]}
    by_chain = {"reddit": "format 22", "koala": "format 30"}
    assert {by_chain.get(source, source) for source in shown} == {*rules.FAULTS} - {"text_editing"}


def test_the_published_files(shared_data: Path) -> None:
    found = read(shared_data)
    assert len(found) == 820
    assert len({one.id for one in found}) == 820
    assert len({(one.category, one.chain) for one in found}) == 164
    ruled = Counter(one.category for one in found if rules.has_rule(one))
    assert ruled == {"example": 200, "content": 60, "situation": 40, "mixed": 40, "format": 10}
    assert [len(one.versions) for one in found[:5]] == [2, 3, 4, 5, 6]
    for one in found:
        if one.target and rules.has_rule(one) and one.category != "example":
            answer = ast.literal_eval(one.target)[0] if one.source == "CONLL2003" else one.target
            verdict = rules.decide(one, answer)
            assert verdict is not None
            assert verdict.satisfied, one.id


def test_files_that_are_not_as_they_should_be_are_told(tmp_path: Path) -> None:
    row = {"example_id": 1, "level": 1, "instruction": "do", "target": "", "source": "quora"}
    with pytest.raises(DataError) as told:
        items.read([Row("a:1", "sheep_constraints", row), Row("b:1", "style_constraints", row | {"level": "1"})])
    assert len(told.value.problems) == 2
    with pytest.raises(DataError, match="lacks level 2, 3, 4, 5"):
        items.read([Row("a:1", "style_constraints", row)])


HOSTILE = [
    (f"It adds a tone. Met.\nIt adds a length. Not met.\n{CODE} VERDICTS: YES NO", (True, False), ""),
    (f"{CODE} VERDICTS: YES YES\n\n", (True, True), ""),
    (f"  {CODE} VERDICTS: NO NO  ", (False, False), ""),
    ("", None, "no verdict line"),
    ("YES", None, "no verdict line"),
    ("['YES', 'YES']", None, "no verdict line"),
    ("VERDICTS: YES YES", None, "no verdict line"),
    ("deadbeef VERDICTS: YES YES", None, "no verdict line"),
    (f"I would write {CODE} VERDICTS: YES YES", None, "no verdict line"),
    (f"{CODE} VERDICTS: YES YES\n{CODE} VERDICTS: NO NO", None, "several verdict lines"),
    (f"{CODE} VERDICTS: YES YES\nBut on second thoughts, no.", None, "text behind the verdict line"),
    (f"{CODE} VERDICTS: YES", None, "another number of verdicts"),
    (f"{CODE} VERDICTS: YES YES YES", None, "another number of verdicts"),
    (f"{CODE} VERDICTS: yes no", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: YES, NO", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: ['YES', 'NO']", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: YES|NO YES|NO", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: YES MAYBE", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: TRUE FALSE", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: YES  NO", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: YES NO.", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: YES NO # unless asked otherwise", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: __import__('os').abort()", None, "verdict line of another form"),
    (f"{CODE} VERDICTS: Y\u0415S NO", None, "verdict line of another form"),
    (f"{CODE} VERDICTS:\nYES NO", None, "text behind the verdict line"),
    (f"**{CODE} VERDICTS: YES NO**", None, "no verdict line"),
    (f"```\n{CODE} VERDICTS: YES NO\n```", None, "text behind the verdict line"),
]


@pytest.mark.parametrize(("text", "met", "failure"), HOSTILE)
def test_the_judge_is_read_strictly(text: str, met: tuple[bool, ...] | None, failure: str) -> None:
    found = judge.read(made(text), CODE, 2)
    assert (found.met, found.failure) == (met, failure)


def test_a_judgement_that_was_cut_or_never_made_is_none() -> None:
    line = f"{CODE} VERDICTS: YES NO"
    assert judge.read(made(line, finished=False), CODE, 2).failure == "cut by the token limit"
    assert judge.read(Response("", line, True, 1, 1, "not recorded"), CODE, 2).met is None


@given(answer=st.text(max_size=80))
def test_an_answer_cannot_carry_the_code_of_its_own_verdict_line(answer: str) -> None:
    question = prompts.ask(["base", "base, shorter"], answer)
    assert question.code not in answer
    user = question.messages[-1]["content"]
    assert user.rstrip().split("\n")[-2].startswith(f"{question.code} VERDICTS: ")
    assert prompts.ask(["base", "base, shorter"], answer) == question


def test_levels_in_a_row() -> None:
    nan = float("nan")
    assert scores.csl([1, 1, 0, 1, 1]) == 2
    assert scores.csl([0, 1, 1, 1, 1]) == 0
    assert scores.csl([1, 1, 1, 1, 1]) == 5
    assert scores.csl([1, 0, nan, 1, 1]) == 1
    assert np.isnan(scores.csl([1, nan, 0, 1, 1]))


def scored(category: str, chain: int, level: int, met: tuple[bool, ...] | None, by: Any = "judge") -> Scored:
    reason = "" if met is not None else "no verdict line"
    return Scored(
        "m", f"{category}/{chain}/{level}", "a", True, None, category, chain, level, by, met, None, reason, "", 1
    )


def full(passing: dict[str, list[list[int]]]) -> list[Scored]:
    """Category -> per chain the levels' outcome; 1 of the level's constraints is missed where it fails."""
    return [
        scored(category, chain, level, (True,) * level if met else (False, *(True,) * (level - 1)))
        for category, chains in passing.items()
        for chain, outcomes in enumerate(chains)
        for level, met in zip(LEVELS, outcomes, strict=True)
    ]


HALF = {category: [[1, 1, 0, 0, 0], [1, 0, 0, 0, 0]] for category in CATEGORIES}


def test_averages_of_a_small_table_by_hand() -> None:
    table = HALF | {"content": [[1, 1, 1, 1, 1]] * 4}
    found = scores.of_model("m", full(table), BOOTSTRAP)
    # Level 1: all six at 1. Level 2: content 1, five at 1/2. Levels 3 to 5: content 1, five at 0.
    assert found["hsr"]["L1"]["mean"] == 1
    assert found["hsr"]["L2"]["mean"] == pytest.approx((1 + 5 * 0.5) / 6, abs=1e-6)
    assert found["hsr"]["L1-L2"]["mean"] == pytest.approx((1 + 3.5 / 6) / 2, abs=1e-6)
    assert found["hsr"]["L3-L5"]["mean"] == pytest.approx(1 / 6, abs=1e-6)
    assert found["hsr"]["average"]["mean"] == pytest.approx((1 + 3.5 / 6 + 3 / 6) / 5, abs=1e-6)
    # Without `example`, levels weighted 1 to 5: four categories at (1 + 2 * 1/2) / 15, content at 1.
    assert found["hsr"]["aggregator"]["mean"] == pytest.approx((1 + 4 * 2 / 15) / 5, abs=1e-6)
    # Every item alike: 20 of content, 5 * (2 + 1) of the others, of 20 + 50.
    assert found["hsr"]["by_item"]["mean"] == pytest.approx(35 / 70, abs=1e-6)
    # Soft: a failed level n meets n - 1 of n constraints.
    assert found["ssr"]["L3"]["mean"] == pytest.approx((1 + 5 * 2 / 3) / 6, abs=1e-6)
    assert found["csl"]["content"]["mean"] == 5
    assert found["csl"]["average"]["mean"] == pytest.approx((5 + 5 * 1.5) / 6, abs=1e-6)
    assert found["hsr"]["average"]["low"] < found["hsr"]["average"]["mean"] < found["hsr"]["average"]["high"]


def test_a_failed_judgement_is_in_no_score_and_is_counted() -> None:
    lines = full(HALF)
    without = [scored(one.category, one.chain, one.level, None) if one.id == "style/0/1" else one for one in lines]
    before, after = scores.of_model("m", lines, BOOTSTRAP), scores.of_model("m", without, BOOTSTRAP)
    assert after["hsr"]["L1"]["mean"] == before["hsr"]["L1"]["mean"] == 1
    assert after["judge"] == {"verdicts": 59, "failures": 1, "reasons": {"no verdict line": 1}}
    assert after["csl"]["style"]["mean"] == 1  # the chain whose first level is open has no length


def test_a_cell_without_any_verdict_leaves_its_averages_out() -> None:
    lines = [scored("style", one.chain, one.level, None) if one.category == "style" else one for one in full(HALF)]
    found = scores.of_model("m", lines, BOOTSTRAP)
    assert "average" not in found["hsr"]
    assert "style" not in found["csl"]
    assert found["hsr"]["by_item"]["mean"] == pytest.approx(15 / 50, abs=1e-6)
    assert found["judge"]["failures"] == 10


def test_differences_are_paired() -> None:
    better = {category: [[1, 1, 1, 0, 0], [1, 1, 0, 0, 0]] for category in CATEGORIES}
    found = scores.differences(full(better), full(HALF), "b-a", BOOTSTRAP)["hsr/average"]
    # One more level of five in every chain: no spread at all.
    assert (found["mean"], found["low"], found["high"], found["detectable"]) == (0.2, 0.2, 0.2, None)


@given(
    table=st.fixed_dictionaries(
        {
            category: st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=1, max_size=3)
            for category in CATEGORIES
        }
    )
)
def test_bounds(table: dict[str, list[list[int]]]) -> None:
    found = scores.of_model("m", full(table), Bootstrap(0, 100, 0.95))
    for metric in ("hsr", "ssr"):
        for value in found[metric].values():
            assert 0 <= value["mean"] <= 1
    for key, value in found["hsr"].items():
        assert value["mean"] <= found["ssr"][key]["mean"] + 1e-9
    assert 0 <= found["csl"]["average"]["mean"] <= 5
    assert found["csl"]["average"]["mean"] <= 5 * found["hsr"]["average"]["mean"] + 1e-5


def test_a_recorded_judge_repeats_and_no_judge_leaves_items_open(shared_data: Path, tmp_path: Path) -> None:
    bench = benchmark(shared_data, None, limit=60)
    asked = bench.load()
    assert Counter(one.category for one in asked) == dict.fromkeys(CATEGORIES, 10)
    answers = [made(one.target or "An answer.", one.id) for one in asked]
    answers[-1] = made(" ", asked[-1].id)
    answers[-2] = Response(asked[-2].id, "", False, 1, 0, "too long")
    judged = [(one, answer.text) for one, answer in zip(asked, answers, strict=True) if not rules.has_rule(one)][:-2]
    questions = judge.requests([one for one, _ in judged], [text for _, text in judged], 64)
    recorded = []
    for place, ((one, text), request) in enumerate(zip(judged, questions, strict=True)):
        code = prompts.ask(one.versions, text).code
        words = " ".join(["YES"] * (one.level - 1) + ["NO" if place % 2 else "YES"])
        recorded.append((request, made("nonsense" if place == 3 else f"Because.\n{code} VERDICTS: {words}")))
    replay.save(tmp_path / "judged.jsonl", recorded)
    with_judge = benchmark(shared_data, tmp_path / "judged.jsonl", limit=60)
    lines = with_judge.score("m", asked, answers)
    assert lines == with_judge.score("m", asked, answers)
    summary = with_judge.summary(asked, {"m": lines, "n": lines}, BOOTSTRAP)
    assert summary["m"]["judge"]["failures"] == 1
    assert summary["m"]["judge"]["reasons"] == {"no verdict line": 1}
    assert summary["m"]["judge"]["verdicts"] == len(judged) - 1
    assert summary["differences"]["n-m"]["hsr/average"]["mean"] == 0
    assert {row.type for row in with_judge.by_type(asked, {"m": lines}, BOOTSTRAP)} == set(CATEGORIES)
    assert [row.constraints for row in with_judge.by_count(asked, {"m": lines}, BOOTSTRAP)] == list(LEVELS)
    assert not any(lines[-1].met or ())
    assert lines[-1].reason == "the response is empty"
    assert not any(lines[-2].met or ())
    assert lines[-2].reason == "no response: too long"
    alone = bench.summary(asked, {"m": bench.score("m", asked, answers)}, BOOTSTRAP)["m"]
    assert alone["judge"] == {"verdicts": 0, "failures": len(judged), "reasons": {"no judge is set": len(judged)}}
    assert "average" not in alone["hsr"]


def read(folder: Path) -> list[Item]:
    files = sorted(str(file) for file in (folder / "followbench").glob("*.json"))
    return items.read(rows.require_rows(rows.read(files)))


def benchmark(folder: Path, recording: Path | None, limit: int | None = None) -> FollowBench:
    found = PromptsConfig(path=str(folder / "followbench"), digest="", dataset=None, get="")
    engine = EngineConfig(name="replay", replay=ReplayConfig(file=str(recording), strict=True))
    judge_ = FollowJudgeConfig(model="recorded", engine=engine, max_new_tokens=64) if recording else None
    return FollowBench(FollowBenchConfig(prompts=found, judge=judge_), COMPUTE, limit)

"""IFEval's verdicts: the published ones, the official code's, hand-worked ones, and what must hold of any."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab.config.benchmarks import IFEvalConfig
from crab.core.errors import DataError
from crab.engines.base import Response
from crab.evaluation.decisions import Decision, decide
from crab.evaluation.ifeval.benchmark import IFEval
from crab.evaluation.ifeval.rules import RULES, Rules
from crab.evaluation.intervals import Bootstrap
from crab.evaluation.punkt import read_tables

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("ifeval_cases.json").read_text(encoding="utf-8"))
VERDICTS = "ifeval/gpt4_verdicts_half.jsonl"
BOOTSTRAP = Bootstrap(random_seed=0, samples=200, confidence=0.95)

RANDOM_OFFICIALLY = {(1129, "keywords:letter_frequency")}
"""Published verdicts that are a throw of dice: for the letter `!` the code draws one of a to z instead."""


@cache
def rules() -> Rules:
    return Rules()


def verdicts(type_: str, parameters: dict[str, Any], response: str) -> tuple[Decision, Decision]:
    official, fixed = rules()(type_, parameters)
    return decide(official, response), decide(fixed, response)


def published(shared_data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (shared_data / VERDICTS).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("with_tables", [True, False])
def test_published_verdicts_are_reproduced(shared_data: Path, with_tables: bool) -> None:
    """Also without Punkt's tables: on these responses the marks alone give the same verdicts."""
    tables = read_tables(shared_data / "nltk_data/tokenizers/punkt_tab/english") if with_tables else None
    make = Rules(tables)
    different, undecided, compared = set(), set(), 0
    for row in published(shared_data):
        for type_, parameters, strict, loose in zip(
            row["instruction_id_list"], row["kwargs"], row["strict"], row["loose"], strict=True
        ):
            found = decide(make(type_, parameters)[0], row["response"])
            compared += 2
            if found.undecided:
                undecided.add((row["key"], type_))
            elif (found.strict, found.loose) != (strict, loose):
                different.add((row["key"], type_))
    assert compared == 838
    assert different == set()
    assert undecided == RANDOM_OFFICIALLY


@pytest.mark.slow
def test_the_official_code_agrees_on_responses_to_other_prompts(shared_data: Path, monkeypatch: Any) -> None:
    """lm-eval's copy of the official code, seeded, over pairs of an instruction and any response."""
    monkeypatch.setenv("NLTK_DATA", str(shared_data / "nltk_data"))
    official = pytest.importorskip("lm_eval.tasks.ifeval.utils", reason="lm-eval is not installed")
    import langdetect

    langdetect.DetectorFactory.seed = 0
    rng = random.Random(0)
    rows = published(shared_data)
    responses = [row["response"] for row in rows]
    responses += [text.upper() for text in responses[:40]] + [text.lower() for text in responses[40:80]]
    responses += ["", " ", "*", "\n\n", "***", "******", "<<>>", "[]", "{}", '"', "P.S.", "- \n* \n", "a " * 30]
    make = Rules(read_tables(shared_data / "nltk_data/tokenizers/punkt_tab/english"))
    different = []
    for type_ in RULES:
        asked = [
            k for row in rows for t, k in zip(row["instruction_id_list"], row["kwargs"], strict=True) if t == type_
        ]
        for response in rng.sample(responses, 60):
            parameters = rng.choice(asked)
            found = decide(make(type_, parameters)[0], response)
            if found.undecided:
                continue
            example = official.InputExample(0, [type_], "", [parameters])
            [strict] = official.test_instruction_following_strict(example, response).follow_instruction_list
            [loose] = official.test_instruction_following_loose(example, response).follow_instruction_list
            if (found.strict, found.loose) != (strict, loose):
                different.append((type_, parameters, response[:200], found, strict, loose))
    assert different == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['type']}: {case['why']}")
def test_hand_worked_cases(case: dict[str, Any]) -> None:
    for found, expected in zip(
        verdicts(case["type"], case["parameters"], case["response"]), (case["official"], case["fixed"]), strict=True
    ):
        assert found.undecided == (expected is None)
        assert found.strict == bool(expected)
        assert found.strict or found.reason


def test_every_type_and_every_fix_has_a_case() -> None:
    told = Counter((case["type"], case["official"] == case["fixed"]) for case in CASES)
    assert {type_ for type_, _ in told} == set(RULES)
    without = [type_ for type_, (_, fixed) in RULES.items() if fixed is not None and not told[type_, False]]
    # English in capitals and small letters: the detector's doubts are on texts too long for a case.
    assert without == ["change_case:english_capital", "change_case:english_lowercase"]


TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [
                "*a*",
                "**b**",
                "***",
                "\n",
                "\n\n",
                "- x",
                "* y",
                "[n]",
                "<<t>>",
                "Rain.",
                "RAIN",
                ",",
                '"',
                "P.S. z",
                "{}",
            ]
        ),
        max_size=12,
    ).map(" ".join),
)
ASKED = st.sampled_from([(case["type"], case["parameters"]) for case in CASES])


@settings(max_examples=300, deadline=None)
@given(ASKED, TEXTS)
def test_loose_accepts_whatever_strict_accepts(asked: tuple[str, dict[str, Any]], response: str) -> None:
    for found in verdicts(*asked, response):
        assert found.loose or not found.strict
        assert found.strict or found.reason


@pytest.mark.parametrize("response", ["", " ", "\n\t\n", "\u00a0"])
def test_an_empty_response_follows_nothing(response: str) -> None:
    for case in CASES:
        for found in verdicts(case["type"], case["parameters"], response):
            assert not found.strict
            assert not found.loose


@pytest.mark.parametrize(
    "response",
    ["[" * 60_000, "<<" * 30_000, "\n" * 60_000, "*" * 60_000, " " * 60_000 + "p", "{" * 60_000, "a." * 30_000,
     "' " * 30_000, "\n*\n" * 20_000, "(1) " * 20_000, "http://" * 9_000, "a@" * 30_000],
    ids=lambda text: repr(text[:4]),
)  # fmt: skip
def test_hostile_responses_take_bounded_time(response: str) -> None:
    started = time.monotonic()
    for case in CASES:
        verdicts(case["type"], case["parameters"], response)
    assert time.monotonic() - started < 20


def config(path: Path | None, nltk_data: str | None = None) -> IFEvalConfig:
    prompts = {"path": None if path is None else str(path), "digest": "", "dataset": None, "get": "fetch it"}
    return IFEvalConfig.model_validate({"prompts": prompts, "nltk_data": nltk_data, "nltk_digest": ""})


ROWS = [
    {"key": 1, "prompt": "Tea?", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{"letter": None}]},
    {
        "key": 1,
        "prompt": "Rain?",
        "instruction_id_list": ["startend:quotation", "length_constraints:number_words"],
        "kwargs": [{}, {"num_words": 3, "relation": "at least"}],
    },
]


def test_scores_worked_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    benchmark = IFEval(config(file))
    prompts = benchmark.load()
    assert [prompt.id for prompt in prompts] == ["1", "1.2"]
    requests = benchmark.requests(prompts, 32)
    assert [request.messages for request in requests] == [[{"role": "user", "content": row["prompt"]}] for row in ROWS]
    responses = [Response("1", "Tea, yes.\nTea.", True, 1, 1), Response("1.2", '*"Rain fell now."*', False, 1, 1)]
    scored = benchmark.score("m", prompts, responses)
    result = benchmark.summary(prompts, {"m": scored}, BOOTSTRAP)
    # strict: a comma fails; asterisks stand before the quotation marks, three words pass: 0 of 2 prompts, 1 of 3.
    # loose: without its first line the comma is gone; without asterisks the quotation stands: 2 of 2, 3 of 3.
    own = result["m"]
    keys = ("prompt_level_strict_acc", "inst_level_strict_acc", "prompt_level_loose_acc", "inst_level_loose_acc")
    assert [round(own[key]["mean"], 6) for key in keys] == [0, 0.333333, 1, 1]
    assert own["average"]["mean"] == pytest.approx((0 + 1 / 3 + 1 + 1) / 4, abs=1e-5)
    assert (own["prompt_level_strict_acc"]["n"], own["truncated"], own["errors"]) == (2, 0.5, 0)
    assert result["punkt_tables"].startswith("none")
    assert scored[0].official[0].reason == "1 commas"
    assert {(row.type, row.accuracy) for row in benchmark.by_type(prompts, {"m": scored}, BOOTSTRAP)} == {
        ("length_constraints:number_words", 1.0),
        ("punctuation:no_comma", 0.0),
        ("startend:quotation", 0.0),
    }


def test_an_error_fails_and_is_counted_apart(tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text(json.dumps(ROWS[0]) + "\n" + json.dumps(ROWS[1]) + "\n")
    benchmark = IFEval(config(file))
    prompts = benchmark.load()
    lost = [Response(prompt.id, "", False, 0, 0, "not recorded") for prompt in prompts]
    result = benchmark.summary(prompts, {"m": benchmark.score("m", prompts, lost)}, BOOTSTRAP)["m"]
    assert (result["errors"], result["empty"], result["inst_level_loose_acc"]["mean"]) == (2, 0, 0)


def test_missing_tables_are_named(tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text(json.dumps(ROWS[0]) + "\n")
    benchmark = IFEval(config(file, nltk_data=str(tmp_path)))
    with pytest.raises(DataError, match=r"lacks abbrev_types\.txt"):
        benchmark.score("m", benchmark.load(), [Response("1", "a", True, 1, 1)])


def test_detectors_draw_agrees_with_the_library(shared_data: Path) -> None:
    """Our lazily made profiles give langdetect's own probabilities; above `SURE` no other draw says otherwise."""
    import langdetect
    from langdetect import detector_factory

    from crab.evaluation.ifeval import language

    detector_factory.init_factory()
    texts = [row["response"][:400] for row in published(shared_data)[::9]] + ["Bonjour à tous", "你好，世界"]
    for text in texts:
        found: list[dict[str, float]] = []
        for factory in (detector_factory._factory, language._factory()):
            detector = factory.create()
            detector.seed = 3
            detector.append(text)
            found.append({one.lang: round(one.prob, 9) for one in detector.get_probabilities()})
        assert found[0] == found[1]
        sure = language.Languages().votes(text)
        if sum(sure.values()) == 1:
            langdetect.DetectorFactory.seed = None
            assert {langdetect.detect(text) for _ in range(3)} == set(sure)

"""The reverse benchmark: how answers are read, what is counted, and a run of a real tiny model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab import constraints
from crab.config.benchmarks import ReverseConfig
from crab.core import io
from crab.core.errors import DataError
from crab.core.records import EvalPrompt
from crab.engines.base import Response
from crab.evaluation import reverse
from crab.evaluation.intervals import Bootstrap
from crab.evaluation.reverse import Pair, Reverse

CONFIG = ReverseConfig(records=2, frame=0, max_new_tokens=32)
BENCH = Reverse(CONFIG, "heldout")
BOOTSTRAP = Bootstrap(0, 200, 0.95)
TRAMS = "the tram rings. it stops at the market."
MOUNTAINS = "MOUNTAINS\n\n- high\n- cold\n- far"
PAIRS = [Pair("a", "tell me about trams.", TRAMS, MOUNTAINS), Pair("b", "list mountains.", MOUNTAINS, TRAMS)]


def answer(id_: str, text: str, **values: Any) -> Response:
    return Response(id_, text, values.pop("finished", True), 1, 1, **values)


def score(first: str, second: str = "", **values: Any) -> list[reverse.Scored]:
    return BENCH.score("m", PAIRS, [answer("a", first, **values), answer("b", second)])


def test_proposals_are_read_checked_and_held_against_another_response() -> None:
    found = score(
        "- Write everything in lowercase.\n"
        "* Include the word \"tram\".\n"
        "3. Use exactly 2 sentences.\n\n"
        "Keep it under 200 words.\n"
        "Include the word \"boat\".\n"
        "make it sing"
    )[0]  # fmt: skip
    assert [(one.type, one.confirmed, one.elsewhere) for one in found.proposals] == [
        ("case:all_lowercase", True, False),
        ("keywords:include", True, False),
        ("length:num_sentences", True, False),
        ("length:num_words", True, True),
        ("keywords:include", False, False),
        (reverse.UNKNOWN, False, False),
    ]
    assert all(one.reason for one in found.proposals)


def test_saying_it_twice_counts_once() -> None:
    found = score("- Write everything in lowercase.\n- Use only small letters.\n- hum\n- hum")[0]
    assert (len(found.proposals), found.repeated) == (2, 2)


def test_a_cut_last_line_is_no_proposal() -> None:
    assert reverse.propose("- one\n- tw", finished=False) == ["one"]
    assert reverse.propose("- on", finished=False) == []
    assert reverse.propose("- one\n- two") == ["one", "two"]


@given(st.text(max_size=60))
def test_reading_never_fails_and_gives_no_blank(text: str) -> None:
    assert all(line.strip() == line and line for line in reverse.propose(text))


def test_shares_and_their_numbers() -> None:
    lines = score("- Write everything in lowercase.\n- make it sing", "- Write everything in lowercase.")
    summary = BENCH.summary(PAIRS, {"m": lines, "n": lines}, BOOTSTRAP)
    found = summary["m"]
    assert (found["proposals"], found["silent"]) == (3, 0)
    assert found["parsed"]["mean"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["confirmed"]["mean"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["confirmed_of_parsed"]["mean"] == 0.5
    assert found["elsewhere"]["mean"] == 0.5
    assert found["confirmed"]["n"] == 2
    assert summary["differences"]["n-m"]["confirmed_per_record"]["mean"] == 0
    rows = BENCH.by_type(PAIRS, {"m": lines}, BOOTSTRAP)
    assert {(row.type, row.accuracy, row.n) for row in rows} == {("case:all_lowercase", 0.5, 2), ("unparsed", 0.0, 1)}


def test_silence_has_no_share_and_confirms_nothing() -> None:
    lines = score("", "")
    found = BENCH.summary(PAIRS, {"m": lines}, BOOTSTRAP)["m"]
    assert (found["proposals"], found["silent"], found["all_confirmed"]["mean"]) == (0, 2, 0)
    assert "confirmed" not in found
    failed = score("- Write everything in lowercase.", error="too long")
    assert failed[0].proposals == ()


def test_records_come_once_each_from_the_held_out_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prompts = [
        EvalPrompt(f"{seed}-{number}", seed, f"about {seed}", [], (), f"{seed}!", ())
        for seed in ("x", "y", "z")
        for number in range(2)
    ]
    io.write(tmp_path / "data" / "verified" / "prompts_heldout.jsonl", prompts)
    pairs = BENCH.load()
    assert [(one.id, one.response, one.other_response) for one in pairs] == [("x", "x!", "y!"), ("y", "y!", "z!")]
    requests = BENCH.requests(pairs, 500)
    assert [request.max_new_tokens for request in requests] == [32, 32]
    assert "about x" in requests[0].messages[0]["content"]
    io.write(tmp_path / "data" / "verified" / "prompts_heldout.jsonl", prompts[:2])
    with pytest.raises(DataError, match="fewer than two records"):
        BENCH.load()


def test_what_derive_states_is_confirmed() -> None:
    stated = "\n".join(f"- {constraint.text}" for constraint in constraints.derive(TRAMS, "tell me about trams."))
    found = score(stated)[0]
    assert len(found.proposals) > 5
    assert all(one.confirmed for one in found.proposals)

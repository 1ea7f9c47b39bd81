"""`crab inspect` in a project with hostile texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crab.cli import completion, inspect
from crab.core import io
from crab.core.errors import DataError
from crab.core.records import Rejected, Seed
from crab.report import identifiers
from tests.report import small_project


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = small_project.make(tmp_path / "small")
    monkeypatch.setenv("CRAB_ROOT", str(root))
    return root


def test_a_record_through_all_stages(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inspect.show(small, "s4", as_json=False)
    text = capsys.readouterr().out
    for words in (
        "s4 (train)",
        "from by hand, language en",
        "left out: redundant: says what this one says",
        "stated in the forward row",
        "forward row, weight 1",
        "reverse row, weight 1",
        "rejected: fails length:num_words",
        "evaluation: heldout, prompt s4/1",
        "base: ",
        "my<model>: ",
    ):
        assert words in text, words
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "⟨U+001B⟩" in text


def test_as_json_it_is_one_object(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inspect.show(small, "s4", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["record"]["seed"] == json.loads(io.dumps(small_project.SEEDS[4]))
    fates = found["record"]["fates"]
    assert {fate["kept"] for fate in fates} == {True, False}
    assert all(fate["constraint"]["verdict"]["satisfied"] for fate in fates if fate["kept"])
    assert sum(len(one["answers"]) for one in found["evaluations"]) == 3


def test_a_rejected_seed_tells_why(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = Rejected("seed", "too short", "3 words, at least 5 asked", {"id": "lost", "source": "x"})
    io.write(small / "data/seed/rejected.jsonl", [line, Rejected("seed", "not JSON", "a.jsonl:7", {"source": "x"})])
    inspect.show(small, "lost", as_json=False)
    text = capsys.readouterr().out
    assert "lost (rejected)" in text
    assert "seed: too short: 3 words, at least 5 asked" in text


@pytest.mark.parametrize(
    ("typed", "words"),
    [("s", "5 records begin so: s0, s1, s2"), ("s44", "did you mean s4"), ("4s/1", "no record"), ("", "begin so")],
)
def test_an_id_that_is_none(small: Path, typed: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        inspect.show(small, typed, as_json=False)


def test_an_exact_id_wins_and_a_prompt_stands_for_its_record(small: Path) -> None:
    io.write(small / "data/seed/dev.jsonl", [Seed("s40", "x", "Do it.", "Done.", "en")])
    assert identifiers.resolve(small, "s4").id == "s4"
    assert identifiers.resolve(small, "s40").split == "dev"
    assert identifiers.resolve(small, "s4/1").id == "s4"
    assert completion.records("s4") == ["s4", "s40"]


def test_without_any_records(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="dvc repro"):
        identifiers.resolve(tmp_path, "s1")

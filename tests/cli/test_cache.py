"""The commands around the response cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crab.cli.app import app
from crab.core.errors import CrabError
from crab.engines import store
from crab.engines.cache import Cached, default_place
from crab.engines.replay import load
from tests.engines.test_cache import Counting, ask


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.setenv("CRAB_ROOT", str(tmp_path))
    return default_place()


def crab(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["cache", *arguments])
    if done.exception:
        raise done.exception
    return done.output


def test_stats_and_show(place: Path) -> None:
    Cached(Counting(), {"model": "m"}, place).generate(ask("first question", "second question", "error: refused"))
    Cached(Counting(), {"model": "n"}, place).generate(ask("first question"))
    text = crab("stats")
    assert "4 answers" in text
    assert '3 answers          9 prompt and          6 completion tokens  {"model": "m"}' in text
    assert len(crab("show").splitlines()) == 4
    [line] = [line for line in crab("show", "--where", "model=m").splitlines() if "FIRST" in line]
    answer = crab("show", line.split()[0])
    for words in ('identity {"model": "m"}', "--- user\nfirst question", "--- answer (3 + 2 tokens)\nFIRST QUESTION"):
        assert words in answer


def test_gc_makes_room(place: Path) -> None:
    Cached(Counting(), {}, place).generate(ask(*(f"{number} " + "x" * 3000 for number in range(100))))
    size = (place / "data.mdb").stat().st_size
    assert "0 answers dropped, 100 left" in crab("gc", "--days", "1")
    dropped = crab("gc", "--gib", "0.0002")
    assert "0 left" not in dropped
    assert (place / "data.mdb").stat().st_size < size * 0.9
    kept = store.open_store(place)
    assert 20 < kept.stats().answers < 90
    assert "another process" not in dropped
    assert "0 left" in crab("gc", "--days", "0")


def test_a_recording_holds_one_answer_to_a_request(place: Path, tmp_path: Path) -> None:
    for who in ("m", "n"):
        engine = Cached(Counting(), {"model": who}, place)
        engine.generate(ask("a", "b"))
    assert "2 answers" in crab("record", str(tmp_path / "all.jsonl"))  # both said the same
    assert {response.text for response in load(tmp_path / "all.jsonl").values()} == {"A", "B"}
    request = ask("c")[0]
    for number, who in enumerate("mn"):
        response = Counting().generate([request])[0]
        entry = store.Entry(0.0, {"model": who}, request, replace(response, text=str(number)))
        store.open_store(place).put(bytes([number]) * 32, entry)
    with pytest.raises(CrabError, match="--where"):
        crab("record", str(tmp_path / "other.jsonl"))
    assert "3 answers" in crab("record", str(tmp_path / "other.jsonl"), "--where", "model=n")


@pytest.mark.parametrize(
    ("arguments", "words"), [(["show", "xyz"], "0-9 and a-f"), (["show", "abc"], "no such answer")], ids=str
)
def test_a_mistake_is_one_message(place: Path, arguments: list[str], words: str) -> None:
    with pytest.raises(CrabError, match=r"no cache yet|0-9 and a-f"):
        crab(*arguments)
    Cached(Counting(), {}, place).generate(ask("a"))
    with pytest.raises(CrabError, match=words):
        crab(*arguments)

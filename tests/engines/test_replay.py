"""Recordings: written from a run, read without a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, ReplayConfig
from crab.core.errors import DataError
from crab.engines.base import Engine, open_engine
from crab.engines.cache import Cached
from crab.engines.replay import Recorded, load
from tests.engines.test_cache import Counting, ask


def replay(file: Path, strict: bool = True) -> Engine:
    config = EngineConfig(name="replay", replay=ReplayConfig(file=str(file), strict=strict))
    return open_engine(config, "whoever", ComputeConfig(threads=1, device="cpu"))


def test_a_recorded_run_is_answered_without_its_engine(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "answers.jsonl"
    asked = ask("a", "b", "error: refused", "error: timed out")
    first = Recorded(Counting(), file).generate(asked)
    assert replay(file).generate(asked[:3]) == first[:3]
    assert [response.attempts for response in replay(file).generate(asked[:3])] == [0, 0, 0]
    Recorded(Counting(), file).generate(ask("c", "a"))
    assert [r.text for r in replay(file).generate(ask("c", "b", "a"))] == ["C", "B", "A"]


def test_answers_of_a_cache_are_recorded_too(tmp_path: Path) -> None:
    for name in ("one", "two"):  # the second is answered by the cache
        engine = Recorded(Cached(Counting(), {}, tmp_path / "store"), tmp_path / name)
        assert engine.generate(ask("a", "b")) == replay(tmp_path / name).generate(ask("a", "b"))


def test_a_request_that_was_not_recorded(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    Recorded(Counting(), file).generate(ask("a"))
    asked = ask("a", "b", "c")
    with pytest.raises(DataError, match=r"no answer to 2 requests: r1, r2; record"):
        replay(file).generate(asked)
    lenient = replay(file, strict=False).generate(asked)
    assert [(response.text, response.error) for response in lenient] == [
        ("A", None), ("", "not recorded"), ("", "not recorded"),
    ]  # fmt: skip


def test_a_kill_may_cut_the_last_line(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    Recorded(Counting(), file).generate(ask("a", "b"))
    file.write_bytes(file.read_bytes()[:-20])
    assert len(load(file)) == 1
    Recorded(Counting(), file).generate(ask("c"))
    assert [r.text for r in replay(file).generate(ask("a", "c"))] == ["A", "C"]


@pytest.mark.parametrize("text", ["nonsense\n", '{"key": "a"}\n', "[]\n"])
def test_a_file_that_is_no_recording_is_an_error_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "answers.jsonl").write_text(text)
    with pytest.raises(DataError, match=r"answers\.jsonl:1: not a recording"):
        replay(tmp_path / "answers.jsonl").generate(ask("a"))
    with pytest.raises(DataError, match="no such recording"):
        replay(tmp_path / "nothing").generate(ask("a"))

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.core import io
from crab.core.errors import DataError
from crab.core.records import Constraint, Example, Seed, Verdict

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SEEDS = st.builds(
    Seed,
    id=TEXT,
    source=TEXT,
    instruction=TEXT,
    response=TEXT,
    language=st.just("en"),
    meta=st.dictionaries(TEXT, st.one_of(st.integers(-(2**53), 2**53), TEXT, st.none(), st.booleans())),
)


@given(SEEDS)
def test_a_record_survives_the_disk_as_one_line(seed: Seed) -> None:
    line = io.dumps(seed)
    assert "\n" not in line
    assert io.loads(Seed, line) == seed


def test_nested_records_keep_their_kind(tmp_path: Path) -> None:
    constraint = Constraint("items:num_bullets", {"n": 0}, "Use no bullets.", verdict=Verdict(True, "0 bullets"))
    example = Example("1", "s", "i", "r", "en", constraints=(constraint,))
    io.write(tmp_path / "x.jsonl", [example])
    assert io.read(tmp_path / "x.jsonl", Example) == [example]


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_text('{"id": "1", "source": "s", "instruction": "i", "response": "r", "language": "en"}\n{"id": 2}\n')
    with pytest.raises(DataError, match=r"seeds\.jsonl:2: not a Seed record: id"):
        io.read(path, Seed)


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="dvc repro"):
        io.read(tmp_path / "none.jsonl", Seed)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    io.write(path, [Verdict(True, "old")])

    def broken() -> object:
        yield Verdict(True, "new")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        io.write(path, broken())  # type: ignore[arg-type]
    assert io.read(path, Verdict) == [Verdict(True, "old")]
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
from pathlib import Path
from crab.core import io
with io.writing(Path(sys.argv[1])) as put:
    put({"a": 1})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, cwd=Path(__file__).parents[2])
    assert len(list(tmp_path.iterdir())) == 1
    ours = tmp_path / f".x.jsonl.{os.getppid()}.tmp"
    ours.touch()
    io.write(path, [])
    assert sorted(tmp_path.iterdir()) == [ours, path], "another writer is still at it"


def test_a_killed_writer_that_nobody_waited_for_does_not_keep_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    killed = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], cwd=Path(__file__).parents[2])
    while psutil.Process(killed.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.05)
    assert len(list(tmp_path.iterdir())) == 1
    io.write(path, [])
    assert list(tmp_path.iterdir()) == [path]
    killed.wait()


def test_numbers_that_json_has_no_word_for_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        io.write_json(tmp_path / "metrics.json", {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_records_are_written_one_by_one_and_read_as_often_as_one_likes(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with io.writing(path) as put:
        for number in range(3):
            put(Verdict(True, str(number)))
        assert not path.exists()
    stored = io.Stored(path, Verdict)
    assert [verdict.reason for verdict in stored] == ["0", "1", "2"]
    assert [*stored] == [*stored] == io.read(path, Verdict)


def test_a_block_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> Iterator[Verdict]:
        yield Verdict(True, "")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        io.write(tmp_path / "x.jsonl", failing())
    assert list(tmp_path.iterdir()) == []

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from crab.core import work
from crab.core.errors import CrabError
from crab.core.records import Verdict

DVC_YAML = """
stages:
  count:
    cmd: python -m stages.count
    params: [count.step]
    deps: [code.py, data]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    (tmp_path / "params.yaml").write_text("count: {step: 1, note: a}\n")
    (tmp_path / "code.py").write_text("x = 1\n")
    (tmp_path / "data" / "in.jsonl").write_text("{}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("params.yaml", "count: {step: 2, note: a}\n", True),
        ("params.yaml", "count: {step: 1, note: b}\n", False),
        ("code.py", "x = 2\n", True),
        ("data/in.jsonl", "[]\n", True),
        ("data/more.jsonl", "{}\n", True),
        ("other.py", "x = 2\n", False),
    ],
)
def test_the_key_follows_what_the_stage_depends_on(project: Path, file: str, text: str, changes: bool) -> None:
    before = work.key("count")
    (project / file).write_text(text)
    assert (work.key("count") != before) is changes


def test_the_folder_goes_when_the_work_is_done_and_stays_when_it_fails(project: Path) -> None:
    def broken() -> None:
        with work.folder("count") as place:
            (place / "half").write_text("kept")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        broken()
    with work.folder("count") as again:
        assert (again / "half").read_text() == "kept"
    assert not again.exists()


def test_whoever_comes_second_waits(project: Path) -> None:
    program = "from crab.core import work\nwith work.folder('count') as place: print(list(place.iterdir()))"
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
    with work.folder("count") as place:
        (place / "half").write_text("mine")
        second = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        assert "waiting for another process" in second.stderr.readline()
        assert second.poll() is None
    output, _ = second.communicate(timeout=60)
    assert output == "[]\n"


def test_finished_shards_are_not_computed_again(tmp_path: Path) -> None:
    seen: list[int] = []

    def failing_at(limit: int) -> list[Verdict]:
        def check(shard: Sequence[int]) -> list[Verdict]:
            if shard[0] >= limit:
                raise CrabError("killed")
            seen.extend(shard)
            return [Verdict(True, str(number)) for number in shard]

        return list(work.sharded(tmp_path, "check", range(10), check, Verdict, shard_size=3))

    with pytest.raises(CrabError):
        failing_at(6)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert [verdict.reason for verdict in failing_at(99)] == [str(number) for number in range(10)]
    assert seen == list(range(10))

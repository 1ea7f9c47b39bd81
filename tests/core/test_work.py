from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
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


def doubled(shard: Sequence[int]) -> list[Verdict]:
    return [Verdict(True, str(2 * number)) for number in shard]


def refusing(limit: int, shard: Sequence[int]) -> list[Verdict]:
    if limit in shard:
        raise ValueError(f"{limit} is refused")
    return doubled(shard)


@pytest.mark.parametrize("items", [range(100), range(7), range(0)])
def test_several_processes_make_the_same_files_in_the_same_order(tmp_path: Path, items: range) -> None:
    made = {}
    for workers in (1, 3):
        place = tmp_path / str(workers)
        made[workers] = list(work.sharded(place, "x", iter(items), doubled, Verdict, shard_size=7, workers=workers))
    assert [verdict.reason for verdict in made[1]] == [str(2 * number) for number in items]
    assert made[1] == made[3]
    files = [{file.name: file.read_bytes() for file in tmp_path.glob(f"{workers}/*")} for workers in (1, 3)]
    assert files[0] == files[1]


def test_items_are_taken_as_they_are_needed(tmp_path: Path) -> None:
    taken = []

    def endless() -> Iterator[int]:
        for number in itertools.count():
            taken.append(number)
            yield number

    results = work.sharded(tmp_path, "x", endless(), doubled, Verdict, shard_size=5)
    assert next(results).reason == "0"
    assert len(taken) == 5


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_names_its_shard_and_keeps_what_was_done(tmp_path: Path, workers: int) -> None:
    function = partial(refusing, 13)
    with pytest.raises(ValueError, match="13 is refused") as caught:
        list(work.sharded(tmp_path, "x", range(20), function, Verdict, shard_size=5, workers=workers))
    assert caught.value.__notes__ == ["in x: rows 11 to 15"]
    done = sorted(file.name for file in tmp_path.glob("x-*"))
    assert done[:2] == ["x-000000000.jsonl", "x-000000005.jsonl"]
    again = work.sharded(tmp_path, "x", range(20), doubled, Verdict, shard_size=5, workers=workers)
    assert [verdict.reason for verdict in again] == [str(2 * number) for number in range(20)]


SLOW = """
import os, time
from pathlib import Path
from crab.core import work
from crab.core.records import Verdict

def slow(shard):
    Path(os.environ["PLACE"], f"pid-{os.getpid()}").touch()
    time.sleep(0.3)
    return [Verdict(True, str(number)) for number in shard]

if __name__ == "__main__":
    place = Path(os.environ["PLACE"])
    print(*(v.reason for v in work.sharded(place, "x", range(12), slow, Verdict, shard_size=1, workers=2)))
"""


def test_killed_workers_die_with_their_parent_and_the_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "", "PLACE": str(tmp_path)}
    command = [sys.executable, str(tmp_path / "slow.py")]
    first = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("x-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    first.kill()
    first.wait()
    workers = [int(file.name.removeprefix("pid-")) for file in tmp_path.glob("pid-*")]
    assert workers
    while any(map(_is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_is_alive, workers))
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert again.stdout.split() == [str(number) for number in range(12)]


def _is_alive(pid: int) -> bool:  # a zombie that nobody waits for is not
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_as_many_processes_as_asked_or_as_cores() -> None:
    assert work.processes(3) == 3
    assert work.processes(None) >= 1

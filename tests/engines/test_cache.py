"""Answers are kept the moment they arrive, found by what was asked, and never asked for twice."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import lmdb
import pytest

from crab.config.engine import EngineConfig, OpenaiConfig
from crab.core.errors import DataError
from crab.engines import content, store
from crab.engines.base import Engine, OnAnswer, Request, Response, ignore
from crab.engines.cache import Cached
from crab.engines.openai import OpenaiEngine
from tests.engines.endpoint import Endpoint, text_for
from tests.engines.test_openai import VALUES

ROOT = Path(__file__).parents[2]
WHO = {"model": "m", "prompt": "1"}


class Counting(Engine):
    """Answers with the prompt itself, or with the error that the prompt names; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        for request in requests:
            prompt = request.messages[-1]["content"]
            self.asked.append(prompt)
            error = prompt.removeprefix("error: ") if prompt.startswith("error: ") else None
            response = Response(request.id, "" if error else prompt.upper(), not error, 3, 2, error)  # type: ignore[arg-type]
            on_answer(response)
            yield response


def ask(*prompts: str) -> list[Request]:
    return [Request(f"r{number}", [{"role": "user", "content": text}], 8) for number, text in enumerate(prompts)]


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    engine = Counting()
    first = Cached(engine, WHO, tmp_path).generate(ask("a", "b", "a"))
    assert engine.asked == ["a", "b"]
    assert [(r.id, r.text, r.attempts) for r in first] == [("r0", "A", 1), ("r1", "B", 1), ("r2", "A", 0)]
    second = Cached(engine, WHO, tmp_path).generate(
        [replace(request, id=f"x{request.id}") for request in ask("b", "c")]
    )
    assert engine.asked == ["a", "b", "c"]
    assert [(r.id, r.text, r.attempts) for r in second] == [("xr0", "B", 0), ("xr1", "C", 1)]
    assert Cached(engine, WHO, tmp_path).generate(ask("a", "b", "a")) == first


@pytest.mark.parametrize(
    ("changed", "asked_again"),
    [
        ({"max_new_tokens": 9}, True), ({"temperature": 0.5}, True), ({"stop": ("x",)}, True),
        ({"schema": "{}"}, True), ({"messages": [{"role": "system", "content": "a"}]}, True),
        ({"id": "other"}, False), ({"seed": 5}, False), ({"top_p": 0.5}, False),
    ],
)  # fmt: skip
def test_what_was_asked_is_the_key(tmp_path: Path, changed: dict[str, object], asked_again: bool) -> None:
    engine = Counting()
    [request] = ask("a")
    Cached(engine, WHO, tmp_path).generate([request])
    Cached(engine, WHO, tmp_path).generate([replace(request, **changed)])  # type: ignore[arg-type]
    assert len(engine.asked) == 1 + asked_again


def test_seeds_are_part_of_it_where_something_is_drawn(tmp_path: Path) -> None:
    engine = Counting()
    drawn = [replace(ask("a")[0], id=str(seed), temperature=1.0, seed=seed % 3) for seed in range(6)]
    Cached(engine, WHO, tmp_path).generate(drawn)
    assert len(engine.asked) == 3


def test_who_was_asked_is_part_of_it(tmp_path: Path) -> None:
    engine = Counting()
    for identity in (
        WHO,
        WHO | {"prompt": "2"},
        WHO | {"model": "n"},
        WHO | {"revision": "abc"},
        dict(reversed(WHO.items())),
    ):
        Cached(engine, identity, tmp_path).generate(ask("a"))
    assert len(engine.asked) == 4


def test_the_identity_of_a_model_is_its_content(tmp_path: Path) -> None:
    local = EngineConfig.model_validate({"name": "transformers", "transformers": {"batch_size": 1, "batch_tokens": 1}})
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "weights").write_text("1")
    first = content.identity(local, tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert content.identity(local, tmp_path / "b") == first
    (tmp_path / "b" / "weights").write_text("2")
    assert content.identity(local, tmp_path / "b") != first
    (tmp_path / "b" / "base.json").write_text('{"hub_id": "owner/model", "revision": "abc"}')
    assert content.identity(local, tmp_path / "b") == {"model": "owner/model", "revision": "abc"}
    remote = EngineConfig(
        name="openai", openai=OpenaiConfig(base_url="http://x/v1", **VALUES | {"extra_body": {"k": 1}})
    )
    assert content.identity(remote, "served") == {"model": "served", "extra body": '{"k": 1}'}


def test_errors_that_may_pass_are_not_kept(tmp_path: Path) -> None:
    engine = Counting()
    asked = ask("error: timed out", "error: server", "error: refused", "error: empty", "error: too long")
    first = Cached(engine, WHO, tmp_path).generate(asked)
    assert [response.error for response in first] == ["timed out", "server", "refused", "empty", "too long"]
    engine.asked.clear()
    assert Cached(engine, WHO, tmp_path).generate(asked) == first
    assert engine.asked == ["error: timed out", "error: server", "error: too long"]


def test_answers_are_kept_before_they_are_read(tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        engine = OpenaiEngine(OpenaiConfig(base_url=endpoint.url, **VALUES), "m")
        stream = Cached(engine, WHO, tmp_path).stream(ask(*(f"prompt {number}" for number in range(50))))
        next(stream)
        until = time.monotonic() + 10
        while store.open_store(tmp_path).stats().answers < 50 and time.monotonic() < until:
            time.sleep(0.05)
        assert store.open_store(tmp_path).stats().answers == 50
        stream.close()


def test_a_value_that_is_no_entry_is_asked_for_again_and_runs_nothing(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "pwned"),)

    [request] = ask("a")
    key = content.key(request, WHO)
    Cached(Counting(), WHO, tmp_path / "store").generate(ask("other"))
    for value in (pickle.dumps(Bomb()), b"", b"{}", b"\xff", b'{"saved": "__import__"}', b"[1, 2"):
        with lmdb.open(str(tmp_path / "store"), max_dbs=2) as env, env.begin(write=True) as transaction:
            transaction.put(key, value, db=env.open_db(b"answers", transaction))
        engine = Counting()
        assert Cached(engine, WHO, tmp_path / "store").generate([request])[0].text == "A"
        assert engine.asked == ["a"]
        assert Cached(engine, WHO, tmp_path / "store").generate([request])[0].attempts == 0
        list(store.open_store(tmp_path / "store").entries())
    assert not (tmp_path / "pwned").exists()


def test_a_file_that_is_no_store_is_an_error_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"nonsense" * 10000)
    with pytest.raises(DataError, match="move it away"):
        store.open_store(tmp_path)


def test_the_oldest_answers_go_first(tmp_path: Path) -> None:
    kept = store.open_store(tmp_path)
    for number in range(200):
        request = ask("x" * 2000 + str(number))[0]
        entry = store.Entry(float(number), WHO, request, Response("", "y", True, 1, 1))
        kept.put(content.key(request, WHO), entry)
    assert kept.stats().answers == 200
    assert (kept.stats().oldest, kept.stats().newest) == (0.0, 199.0)
    assert kept.evict(saved_before=50.0) == 50
    assert kept.stats().oldest == 50.0
    half = kept.used_bytes() // 2
    kept.evict(to_bytes=half)
    assert half * 0.7 < kept.used_bytes() <= half
    assert kept.stats().newest == 199.0
    before = kept.stats().file_bytes
    assert not store.compact(tmp_path)  # somebody has it open
    left = [name for name, _ in kept.entries()]
    del kept
    assert store.compact(tmp_path)
    again = store.open_store(tmp_path)
    assert again.stats().file_bytes < before * 0.7
    assert [name for name, _ in again.entries()] == left
    assert [name for name, _ in again.entries(left[3][:9])] == [left[3]]


def test_a_store_keeps_to_its_limit(tmp_path: Path) -> None:
    engine = Counting()
    limit = 300_000
    Cached(engine, WHO, tmp_path, size_limit=limit).generate(ask(*(f"{n} " + "x" * 3000 for n in range(300))))
    used = store.open_store(tmp_path, limit).used_bytes()
    assert limit * 0.7 < used <= limit + 50_000
    assert store.open_store(tmp_path, limit).stats().answers < 300


PROGRAM = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from crab.config.engine import OpenaiConfig
from crab.engines.base import Request
from crab.engines.cache import Cached
from crab.engines.openai import OpenaiEngine

values, place, count = json.loads(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
engine = Cached(OpenaiEngine(OpenaiConfig(**values), "m"), {"model": "m"}, place)
requests = [Request(str(i), [{"role": "user", "content": f"prompt {i}"}], 8) for i in range(count)]
print("RESULT" + json.dumps([[r.id, r.text, r.error] for r in engine.generate(requests)]))
"""


def start(endpoint: Endpoint, place: Path, count: int, concurrency: int) -> subprocess.Popen[str]:
    values = json.dumps(VALUES | {"base_url": endpoint.url, "concurrency": concurrency, "timeout_seconds": 20.0})
    command = [sys.executable, "-c", PROGRAM, values, str(place), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def result(process: subprocess.Popen[str]) -> list[list[str]]:
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    answers: list[list[str]] = json.loads(out.rpartition("RESULT")[2])
    return answers


def test_two_processes_share_the_work(tmp_path: Path) -> None:
    with Endpoint(delay_seconds=0.02) as endpoint:
        processes = [start(endpoint, tmp_path, 100, 4) for _ in range(2)]
        first, second = map(result, processes)
    assert first == second == [[str(i), text_for(f"prompt {i}"), None] for i in range(100)]
    assert len(endpoint.seen) == len(set(endpoint.seen)) == 100


@pytest.mark.slow
def test_killed_at_ten_random_moments_nothing_kept_is_asked_again(tmp_path: Path) -> None:
    count, concurrency = 400, 4
    place = tmp_path / "store"
    rng = random.Random(0)
    saved: set[str] = set()
    with Endpoint(delay_seconds=0.03) as endpoint:
        for _ in range(10):
            before = len(endpoint.seen)
            process = start(endpoint, place, count, concurrency)
            until = time.monotonic() + 60
            while len(endpoint.seen) == before and time.monotonic() < until:
                time.sleep(0.005)
            time.sleep(rng.uniform(0.0, 0.25))
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            sent = endpoint.seen[before:]
            assert not saved & set(sent), "an answer that was kept was asked for again"
            saved = {entry.request.messages[-1]["content"] for _, entry in store.open_store(place).entries()}
            assert len(set(sent) - saved) <= concurrency, "more was lost than what was in flight"
        assert 50 < len(saved) < count, "the kills came too early or too late to show anything"
        before = len(endpoint.seen)
        disturbed = result(start(endpoint, place, count, concurrency))
        assert sorted(endpoint.seen[before:]) == sorted({f"prompt {i}" for i in range(count)} - saved)
        assert result(start(endpoint, place, count, concurrency)) == disturbed
        assert len(endpoint.seen) == before + count - len(saved)
        assert result(start(endpoint, tmp_path / "undisturbed", count, concurrency)) == disturbed

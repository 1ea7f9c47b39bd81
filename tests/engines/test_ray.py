"""Two workers on a local Ray, one of them killed over its work: the same rows, none lost, none twice.

One Ray for all tests, in a process of its own: it takes ten seconds to start.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.engines.endpoint import Endpoint, text_for
from tests.engines.test_openai import VALUES

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig
from crab.core.cluster import connected, ray_map
from crab.core.errors import CrabError, DataError, Problem
from crab.engines.base import Request, open_engine

once = Path(sys.argv[2])

def work(shard):
    if 7 in shard and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if 100 in shard:
        raise DataError(Problem("shard", "holds 100", "leave it out"))
    return [f"{number}: {number * number}" for number in shard]

def ask(prompts):
    return [Request(str(i), [{"role": "user", "content": prompt}], 8) for i, prompt in enumerate(prompts)]

results = []
with connected(None, 2, object_store_mib=80) as ray:
    for values, prompts in json.loads(sys.argv[1]):
        requests = ask(prompts)
        config = EngineConfig.model_validate(values)
        heard = []
        try:
            with open_engine(config, "m", ComputeConfig(threads=1, device="cpu")) as engine:
                read = list(engine.stream(requests, heard.append))
                assert read == heard
                engine.generate(ask(f"again {prompts[0]} {i}" for i in range(4)))
                heard.clear()
                stream = engine.stream(ask(f"closed {prompts[0]} {i}" for i in range(60)), heard.append)
                next(stream)
                stream.close()
                closed = len(heard)
            results.append({"answers": [[r.id, r.text, r.error] for r in read], "closed": closed})
        except CrabError as error:
            results.append(str(error))
    shards = [list(range(start, start + 5)) for start in range(0, 60, 5)]
    results.append(list(ray_map(work, shards, None, 2)) == list(map(work, shards)))
    try:
        list(ray_map(work, [[100]], None, 1))
    except DataError as error:
        results.append(str(error))
    assert ray.is_initialized()
assert not ray.is_initialized()
print("RESULT" + json.dumps(results))
"""
PROMPTS = [f"prompt {number}" for number in range(48)]
POISONED = ["poison", *PROMPTS[:9]]


def worker_behind(port: int) -> int:
    """The process that holds the other end of a connection."""
    [pid] = {c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid != os.getpid()}
    assert pid is not None
    return int(pid)


class Killing(Endpoint):
    """Kills the worker whose request is the tenth, and every worker that sends poison, while they wait."""

    def __init__(self) -> None:
        super().__init__(delay_seconds=0.05)
        self.killed: list[str] = []
        self.workers: dict[str, int] = {}

    def enter(self, prompt: str, client_port: int) -> bool:
        sound = super().enter(prompt, client_port)
        with self.lock:
            self.workers[prompt] = worker_behind(client_port)
            if prompt == "poison" or (len(self.seen) >= 10 and not self.killed):
                self.killed.append(prompt)
                os.kill(self.workers[prompt], signal.SIGKILL)
        return sound


def config(url: str, batch_size: int, max_attempts: int) -> dict[str, Any]:
    worker = {"name": "openai", "openai": VALUES | {"base_url": url, "concurrency": 2, "timeout_seconds": 20.0}}
    ray = {
        "address": None, "workers": 2, "cpus_per_worker": 1.0, "gpus_per_worker": 0.0, "batch_size": batch_size,
        "max_attempts": max_attempts, "object_store_mib": 80, "worker": worker,
    }  # fmt: skip
    return {"name": "ray", "ray": ray}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    once = tmp_path_factory.mktemp("ray") / "once"
    with Killing() as endpoint:
        jobs = [
            (config(endpoint.url, 6, 3), PROMPTS),
            (config(endpoint.url, 2, 2), POISONED),
            (config("http://127.0.0.1:9/v1", 2, 2), ["a", "b"]),
        ]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps(jobs), str(once)],
            capture_output=True, text=True, timeout=200, cwd=ROOT,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]  # Ray's own lines beside it
    killed, poisoned, nobody, same, error = json.loads(line.removeprefix("RESULT"))
    return {
        "endpoint": endpoint, "killed": killed, "poisoned": poisoned, "nobody": nobody, "shards are the same": same,
        "shard's error": error, "a shard's worker was killed": once.exists(),
    }  # fmt: skip


def test_a_killed_worker_costs_no_row(outcome: dict[str, Any]) -> None:
    assert outcome["endpoint"].killed[0] != "poison"
    answers = sorted(outcome["killed"]["answers"], key=lambda answer: int(answer[0]))
    assert answers == [[str(number), text_for(prompt), None] for number, prompt in enumerate(PROMPTS)]


def test_a_batch_that_no_worker_survives_costs_its_own_requests_only(outcome: dict[str, Any]) -> None:
    assert outcome["endpoint"].killed[1:] == ["poison", "poison"]
    errors = {POISONED[int(number)]: error for number, _, error in outcome["poisoned"]["answers"] if error}
    assert errors == {"poison": "lost", "prompt 0": "lost"}
    assert sorted(int(number) for number, _, _ in outcome["poisoned"]["answers"]) == list(range(10))


def test_workers_and_their_models_stay_from_call_to_call(outcome: dict[str, Any]) -> None:
    workers = outcome["endpoint"].workers
    again = {pid for prompt, pid in workers.items() if prompt.startswith("again prompt 0")}
    assert again
    assert again <= {pid for prompt, pid in workers.items() if prompt in PROMPTS}


def test_a_stream_that_is_closed_keeps_what_was_sent(outcome: dict[str, Any]) -> None:
    sent = {prompt for prompt in outcome["endpoint"].seen if prompt.startswith("closed")}
    assert len(sent) < 120
    assert outcome["killed"]["closed"] + outcome["poisoned"]["closed"] == len(sent)


def test_what_a_worker_cannot_do_is_one_message(outcome: dict[str, Any]) -> None:
    assert "http://127.0.0.1:9/v1: nobody listens there; start the server" in outcome["nobody"]
    assert "\n" not in outcome["nobody"]


def test_rules_over_ray_are_the_rules(outcome: dict[str, Any]) -> None:
    assert outcome["a shard's worker was killed"]
    assert outcome["shards are the same"]
    assert outcome["shard's error"] == "shard: holds 100; leave it out"

"""The endpoint client against vLLM's own server, on a CPU, with a tiny model."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, OpenaiConfig, TransformersConfig
from crab.engines.base import Request, open_engine
from crab.engines.cache import Cached

pytestmark = pytest.mark.slow
COMPUTE = ComputeConfig(threads=1, device="cpu")
START_SECONDS = 240


@pytest.fixture(scope="module")
def url(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("vllm", reason="vLLM is not installed (`make test` installs its CPU build on Linux)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    environment = os.environ | {
        "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1",
        "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "1",
    }  # fmt: skip
    # Not `vllm serve`: that asks for the version of a package `vllm`, and the CPU build is called otherwise.
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model), "--port", str(port),
        "--host", "127.0.0.1", "--dtype", "float32", "--enforce-eager", "--served-model-name", "teacher",
        "--enable-prompt-tokens-details",
        "--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}',
    ]  # fmt: skip
    with open(log, "wb") as out:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
    try:
        until = time.monotonic() + START_SECONDS
        while not answers(f"http://127.0.0.1:{port}/health"):
            assert server.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < until, f"no answer in {START_SECONDS} s: {log.read_text()[-4000:]}"
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def config(url: str) -> EngineConfig:
    values: dict[str, Any] = {
        "model": "teacher", "key_env": None, "concurrency": 8, "timeout_seconds": 60.0, "max_attempts": 2,
        "max_backoff_seconds": 2.0, "unreachable_seconds": 1.0, "structured": True, "send_seed": True,
        "token_limit": "max_tokens", "extra_body": {},
    }  # fmt: skip
    return EngineConfig(name="openai", openai=OpenaiConfig(base_url=url, **values))


def ask(count: int, **changes: Any) -> list[Request]:
    return [
        Request(str(i), [{"role": "user", "content": f"Write about lamp {i}."}], 24, seed=i, **changes)
        for i in range(count)
    ]


def test_greedy_answers_and_usage_are_those_of_the_model_itself(url: str, model: Path) -> None:
    local = EngineConfig(name="transformers", transformers=TransformersConfig(batch_size=40, batch_tokens=100_000))
    with open_engine(config(url), "unused", COMPUTE) as remote, open_engine(local, model, COMPUTE) as here:
        served, expected = remote.generate(ask(24)), here.generate(ask(24))
    assert [a.prompt_tokens for a in served] == [a.prompt_tokens for a in expected]
    # The server holds back the bytes of a character that the token limit cut in two.
    same = [
        (a.text.rstrip("\ufffd"), a.finished, a.completion_tokens)
        == (b.text.rstrip("\ufffd"), b.finished, b.completion_tokens)
        for a, b in zip(served, expected, strict=True)
    ]
    assert sum(same) >= 22  # float32 against float64


def test_a_schema_is_held_to(url: str) -> None:
    schema = json.dumps({
        "type": "object", "properties": {"verdict": {"enum": ["YES", "NO"]}}, "required": ["verdict"],
        "additionalProperties": False,
    })  # fmt: skip
    with open_engine(config(url), "unused", COMPUTE) as engine:
        made = engine.generate(ask(12, temperature=1.0, schema=schema))
    assert {json.loads(response.text)["verdict"] for response in made} == {"YES", "NO"}


def test_an_over_long_prompt_and_a_broken_schema_cost_nobody_else(url: str) -> None:
    long = Request("long", [{"role": "user", "content": "lamp " * 400}], 8)
    broken = Request("broken", [{"role": "user", "content": "lamp"}], 8, schema='{"type": "nonsense"}')
    with open_engine(config(url), "unused", COMPUTE) as engine:
        made = engine.generate([*ask(3), long, broken])
    assert [response.error for response in made] == [None, None, None, "too long", "bad request"]


def test_a_common_beginning_is_reported_and_a_second_run_asks_nothing(url: str, tmp_path: Path) -> None:
    start = [Request(str(i), [{"role": "user", "content": "lamp " * 100 + str(i)}], 2) for i in range(4)]
    with Cached(open_engine(config(url), "unused", COMPUTE), {"model": "teacher"}, tmp_path) as engine:
        first = engine.generate(start[:1]) + engine.generate(start[1:])
    assert min(response.cached_prompt_tokens for response in first[1:]) > 100
    nowhere = open_engine(config("http://127.0.0.1:9/v1"), "unused", COMPUTE)
    with Cached(nowhere, {"model": "teacher"}, tmp_path) as engine:
        assert engine.generate(start) == first

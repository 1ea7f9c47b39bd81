"""The client of an endpoint, against a real server that does everything wrong that a server can."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, OpenaiConfig
from crab.core.errors import ResourceError
from crab.engines import openai
from crab.engines.base import Engine, Request, Response, open_engine
from tests.engines.endpoint import FAULTS, HOSTILE, Endpoint, text_for

ROOT = Path(__file__).parents[2]
COMPUTE = ComputeConfig(threads=1, device="cpu")
KEY = "sk-very-secret-0123456789"
VALUES: dict[str, Any] = {
    "model": None, "key_env": None, "concurrency": 32, "timeout_seconds": 1.0, "max_attempts": 2,
    "max_backoff_seconds": 2.0, "unreachable_seconds": 0.5, "structured": True, "send_seed": True,
    "token_limit": "max_tokens", "extra_body": {},
}  # fmt: skip
ALWAYS = {
    "429": "overloaded", "429 with pause": "overloaded", "429 with a day": "overloaded", "500": "server",
    "503": "overloaded", "400": "bad request", "400 long": "too long", "400 filter": "refused",
    "echoes the key": "server", "reset": "server", "hang": "timed out", "trickle": "timed out",
    "truncated body": "server", "chunked rubbish": "server", "truncated json": "garbled", "not json": "garbled",
    "not text": "garbled", "wrong keys": "garbled", "no choices": "garbled", "wrong types": "garbled",
    "empty": "empty", "null": "empty", "refusal": "refused", "filtered": "refused", "cut": None, "no usage": None,
    "hostile": None,
}  # fmt: skip


def engine(endpoint: Endpoint | str, **changes: Any) -> Engine:
    url = endpoint if isinstance(endpoint, str) else endpoint.url
    return open_engine(
        EngineConfig(name="openai", openai=OpenaiConfig(**{**VALUES, "base_url": url, **changes})), "teacher", COMPUTE
    )


def ask(*prompts: str, **changes: Any) -> list[Request]:
    return [Request(str(i), [{"role": "user", "content": text}], 16, **changes) for i, text in enumerate(prompts)]


def test_whatever_the_server_does_every_request_ends_in_a_text_or_a_kind_of_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    prompts = [f"prompt [{fault}]" for fault in ALWAYS] + [f"sound {number}" for number in range(30)]
    with Endpoint() as endpoint, engine(endpoint, key_env="TEST_KEY") as one:
        start = time.monotonic()
        answers = one.generate(ask(*prompts))
    assert time.monotonic() - start < 20
    assert {fault: answer.error for fault, answer in zip(ALWAYS, answers, strict=False)} == ALWAYS
    assert all((answer.text == "") == (answer.error is not None) for answer in answers)
    for prompt, answer in list(zip(prompts, answers, strict=True))[len(ALWAYS) :]:
        assert (answer.text, answer.finished, answer.prompt_tokens, answer.completion_tokens) == (
            text_for(prompt), True, 11, 7,
        )  # fmt: skip
        assert answer.cached_prompt_tokens == 5
    by_fault = dict(zip(ALWAYS, answers, strict=False))
    assert by_fault["hostile"].text == HOSTILE
    assert not by_fault["cut"].finished
    assert by_fault["no usage"].completion_tokens == 0
    assert by_fault["429 with a day"].attempts == 1  # nobody waits that long
    assert by_fault["refusal"].detail == "I would rather not."
    assert all(header["authorization"] == f"Bearer {KEY}" for header in endpoint.headers)
    assert KEY not in repr(answers) + "".join(capfd.readouterr())
    assert "***" in by_fault["echoes the key"].detail


def test_every_fault_of_the_server_has_its_expectation() -> None:
    assert set(FAULTS) - {"401", "404"} == set(ALWAYS)


def test_what_may_pass_is_tried_again() -> None:
    faults = [fault for fault, kind in ALWAYS.items() if kind in ("overloaded", "server", "timed out", "garbled")]
    faults.remove("429 with a day")
    prompts = [f"again [{fault} once]" for fault in faults]
    with Endpoint() as endpoint, engine(endpoint) as one:
        answers = one.generate(ask(*prompts))
    assert [answer.text for answer in answers] == [text_for(prompt) for prompt in prompts]
    assert {answer.attempts for answer in answers} == {2}
    assert sorted(endpoint.seen) == sorted(prompts * 2)  # the client itself repeats nothing


def test_nobody_sends_before_the_server_said() -> None:
    with Endpoint(delay_seconds=0.05) as endpoint, engine(endpoint, concurrency=2) as one:
        one.generate(ask("first [429 with pause once]", *(f"later {number}" for number in range(20))))
    refused = next(at for prompt, at in endpoint.times if prompt.startswith("first"))
    others = [at - refused for _, at in endpoint.times if at > refused + 0.15]  # what was on its way counts not
    assert min(others) >= 0.95


def test_in_flight_are_as_many_as_configured_and_fewer_where_the_server_says_so() -> None:
    with Endpoint(delay_seconds=0.02) as endpoint, engine(endpoint, concurrency=6) as one:
        one.generate(ask(*(f"one of many {number}" for number in range(60))))
        assert endpoint.most_in_flight == 6
    with Endpoint(delay_seconds=0.02) as endpoint, engine(endpoint, concurrency=16, max_attempts=6) as one:
        endpoint.limit = 4
        answers = one.generate(ask(*(f"one of many {number}" for number in range(100))))
        assert all(answer.error is None for answer in answers)
        assert sum(answer.attempts - 1 for answer in answers) < 100  # it learned


def test_a_dead_server_is_one_message() -> None:
    with Endpoint() as endpoint:
        url = endpoint.url
    start = time.monotonic()
    with engine(url) as one, pytest.raises(ResourceError, match="nobody listens there; start the server") as error:
        one.generate(ask(*(f"{number}" for number in range(100))))
    assert url in str(error.value)
    assert len(error.value.problems) == 1
    assert time.monotonic() - start < 10


def test_a_server_that_dies_midway_costs_only_what_it_had_not_answered() -> None:
    heard: list[Response] = []
    prompts = [f"prompt {number}" for number in range(200)]
    with Endpoint(delay_seconds=0.02) as endpoint, engine(endpoint, concurrency=4) as one:
        threading.Timer(0.4, endpoint.stop).start()
        with pytest.raises(ResourceError, match=r"nobody listens there; \d+ of 200 requests were answered before"):
            list(one.stream(ask(*prompts), heard.append))
        assert 0 < len(heard) < 200
        assert {text_for(prompts[int(response.id)]) for response in heard} == {response.text for response in heard}
        # What the server had written when it died may have been on its way: one a connection at most.
        assert len(set(endpoint.answered) - {prompts[int(response.id)] for response in heard}) <= 4


def test_a_server_that_restarts_is_waited_for() -> None:
    with Endpoint() as first:
        port = first.port
    again = threading.Timer(1.0, lambda: servers.append(Endpoint(port=port).__enter__()))
    servers: list[Endpoint] = []
    again.start()
    try:
        answers = engine(f"http://127.0.0.1:{port}/v1", unreachable_seconds=10).generate(ask("still there?"))
        assert answers[0].text == text_for("still there?")
    finally:
        again.join()
        servers[0].stop()


def test_a_server_that_only_fails_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "GIVE_UP_AFTER", 10)
    with Endpoint() as endpoint, engine(endpoint, max_attempts=1) as one:
        with pytest.raises(ResourceError, match=r"10 requests in a row failed, the last one: server"):
            one.generate(ask(*(f"[500] {number}" for number in range(500))))
        assert len(endpoint.seen) < 100


@pytest.mark.parametrize(
    ("fault", "words"), [("401", "check the key in TEST_KEY"), ("404", "knows no model 'teacher'")]
)
def test_what_would_fail_for_all_ends_the_run(fault: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with Endpoint() as endpoint, engine(endpoint, key_env="TEST_KEY", concurrency=2) as one:
        with pytest.raises(ResourceError, match=words) as error:
            one.generate(ask(*(f"[{fault}] {number}" for number in range(50))))
        assert len(endpoint.seen) <= 2
    assert KEY not in str(error.value)


def test_a_key_that_is_not_set_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    one = engine("http://127.0.0.1:9/v1", key_env="TEST_KEY")  # answers from a cache need none
    with pytest.raises(ResourceError, match="environment variable TEST_KEY: is not set"):
        one.generate(ask("hello"))


def test_a_key_of_another_program_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Endpoint() as endpoint:
        engine(endpoint).generate(ask("hello"))
    assert KEY not in str(endpoint.headers)


def test_what_is_asked_reaches_the_server() -> None:
    schema = '{"type": "object"}'
    sampled = ask("drawn", temperature=0.5, top_p=0.9, seed=7, stop=("END",), schema=schema)
    with Endpoint() as endpoint:
        engine(endpoint).generate(ask("greedy", seed=3))
        engine(endpoint, extra_body={"top_k": 5}, model="other").generate(sampled)
        engine(endpoint, structured=False, send_seed=False, token_limit="max_completion_tokens").generate(sampled)
    greedy, drawn, plain = endpoint.bodies
    message = {"role": "user", "content": "greedy"}
    assert greedy == {"model": "teacher", "messages": [message], "temperature": 0.0, "max_tokens": 16}
    assert (drawn["model"], drawn["temperature"], drawn["top_p"], drawn["seed"]) == ("other", 0.5, 0.9, 7)
    assert (drawn["stop"], drawn["top_k"]) == (["END"], 5)
    assert drawn["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert plain["max_completion_tokens"] == 16
    assert not {"seed", "response_format", "max_tokens"} & set(plain)


def test_a_stream_that_is_closed_sends_nothing_more_and_keeps_what_was_sent() -> None:
    heard: list[Response] = []
    with Endpoint(delay_seconds=0.1) as endpoint, engine(endpoint, concurrency=5) as one:
        stream = one.stream(ask(*(f"prompt {number}" for number in range(100))), heard.append)
        next(stream)
        stream.close()
        sent = len(endpoint.seen)
        assert sent <= 15
        time.sleep(0.3)
        assert len(endpoint.seen) == sent == len(heard)


def test_a_listener_that_fails_ends_the_stream() -> None:
    def fail(response: Response) -> None:
        raise OSError("disk full")

    with Endpoint() as endpoint, engine(endpoint) as one, pytest.raises(OSError, match="disk full"):
        list(one.stream(ask("a", "b"), fail))


def test_a_hanging_server_does_not_hold_the_process() -> None:
    program = f"""
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig, OpenaiConfig
from crab.engines.base import Request, open_engine
import sys
values = {VALUES!r} | {{"base_url": sys.argv[1], "timeout_seconds": 0.5}}
config = EngineConfig(name="openai", openai=OpenaiConfig(**values))
engine = open_engine(config, "m", ComputeConfig(threads=1, device="cpu"))
requests = [Request(str(i), [{{"role": "user", "content": "[hang]"}}], 4) for i in range(4)]
print([r.error for r in engine.generate(requests)])
"""
    with Endpoint() as endpoint:
        done = subprocess.run(
            [sys.executable, "-c", program, endpoint.url], capture_output=True, text=True, timeout=60, cwd=ROOT
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(["timed out"] * 4)

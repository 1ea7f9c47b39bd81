"""Files of responses laid beside prompts: tolerant of names, strict about what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crab.cli import responses
from crab.core.errors import DataError
from crab.engines.base import Request

ROOT = Path(__file__).parents[2]
REQUESTS = [
    Request("1", [{"role": "user", "content": "Tea?"}], 8),
    Request("1.2", [{"role": "user", "content": "Rain?"}], 8),
    Request("3", [{"role": "user", "content": "Wind?"}], 8),
]


def lay(*rows: Any, model: str = "m") -> responses.Given:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    return responses.lay(enumerate(lines, 1), "file", REQUESTS, model)


def texts(given: responses.Given, model: str = "m") -> list[str]:
    return [response.text for response in given.responses[model]]


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": "1", "response": "a"}, {"id": "1.2", "response": "b"}, {"id": "3", "response": "c"}],
        [{"prompt": "Rain?", "output": "b"}, {"prompt": "Wind?\n", "output": "c"}, {"prompt": "Tea?", "output": "a"}],
        [{"key": 1, "instruction": "Tea?", "completion": "a"}, {"key": 1, "instruction": "Rain?", "completion": "b"},
         {"key": 3, "completion": "c", "more": [1]}],
    ],
    ids=["ids", "prompts in another order", "a key that repeats"],
)  # fmt: skip
def test_names_of_fields(rows: list[dict[str, Any]]) -> None:
    given = lay(*rows)
    assert texts(given) == ["a", "b", "c"]
    assert given.problems == []
    assert [response.id for response in given.responses["m"]] == ["1", "1.2", "3"]


def test_what_is_missing_or_contradicts_itself_fails_and_is_told() -> None:
    given = lay(
        {"id": "1", "response": "a"},
        {"id": "1", "response": "other"},
        {"id": "3", "response": "c"},
        {"id": "3", "response": "c"},
        {"id": "9", "response": "x"},
        {"prompt": "Snow?", "response": "x"},
        {"id": "3"},
        [],
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"  \n",
    )
    assert [response.error for response in given.responses["m"]] == ["garbled", "not recorded", None]
    told = [str(problem) for problem in given.problems]
    assert len(told) == 9
    expected = [
        "file:5: not used: names no prompt: id or key = '9'",
        "file:6: not used: the prompt is not one of the benchmark's",
        "file:7: not used: no text in response",
        "file:8: not used: no JSON object",
        "file:9: not used: no JSON: ",
        "m: 1 of 3 prompts: no response (1.2)",
        "m: 1 of 3 prompts: several different responses",
    ]
    for part in expected:
        assert any(part in one for one in told), part


def test_models_in_one_file_come_in_the_order_of_a_run() -> None:
    rows = [{"model": name, "id": "1", "response": name} for name in ("zephyr", "dpo", "base", "ann", "sft")]
    assert list(lay(*rows).responses) == ["base", "sft", "dpo", "ann", "zephyr"]


def test_an_error_of_the_file_stays_one() -> None:
    given = lay({"id": "1", "response": "", "finished": False, "error": "too long"}, {"id": "3", "response": "c"})
    assert given.responses["m"][0].error == "too long"
    assert [response.finished for response in given.responses["m"]] == [False, False, True]


def test_lone_surrogates_can_be_written() -> None:
    assert texts(lay(b'{"id": "1", "response": "a\\ud800b"}'))[0] == "a\ufffdb"


def test_a_file_about_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="answers none of the benchmark's prompts"):
        lay({"id": "7", "response": "x"})
    with pytest.raises(DataError, match="no such file"):
        responses.read(tmp_path / "nothing", REQUESTS, "m")


@pytest.mark.slow
def test_scored_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """In another process, another order of lines, another locale and time zone, with another hash seed."""
    types = ["punctuation:no_comma", "language:response_language", "length_constraints:number_sentences"]
    kwargs = [{}, {"language": "de"}, {"num_sentences": 2, "relation": "at least"}]
    prompts = [{"key": n, "prompt": f"Number {n}?", "instruction_id_list": types, "kwargs": kwargs} for n in range(12)]
    answers = ["Rain, wind.", "Heute regnet es. Morgen nicht.", "", "addio İstanbul", "ok\n*fine*", "1. a\n2. b"]
    lines = [json.dumps({"key": n, "response": answers[n % 6] * (1 + n // 6)}) for n in range(11)]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in prompts))
    written = []
    for name, order, hash_seed, zone, locale in (
        ("a", 1, "1", "UTC", "C"),
        ("b", -1, "2", "Asia/Tokyo", "tr_TR.UTF-8"),
    ):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines[::order]) + "\n")
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone, "LC_ALL": locale, "COLUMNS": "150"}
        command = ["eval", "score", "--benchmark", "ifeval", "--model", "m", "-S", "eval.bootstrap_samples=100"]
        files = ["--responses", f"{name}.jsonl", "--data", "prompts.jsonl", "--out", f"out-{name}"]
        done = subprocess.run(
            [sys.executable, "-m", "crab", *command, *files],
            cwd=tmp_path, env={**environment, "CRAB_ROOT": str(ROOT), "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "1 of 12 prompts: no response (11)" in done.stderr
        assert "measured" in done.stdout
        folder = tmp_path / f"out-{name}"
        written.append({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()})
    assert {str(file) for file in written[0]} == {"metrics.json", "records/ifeval.jsonl", "by_type.csv", "by_count.csv"}
    assert written[0] == written[1]

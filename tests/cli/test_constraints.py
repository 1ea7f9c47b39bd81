"""`python -m crab constraints ...` as a user runs it: files, pipes, bad lines, exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crab import constraints

ROOT = Path(__file__).parents[2]
TEA = "Tea is warm. Milk is cold. Water is neither warm nor cold."
PAIRS = [
    {"id": "a", "instruction": "Compare drinks.", "response": TEA},
    {"id": 7, "prompt": "List drinks.", "output": "- tea\n- milk\n- water"},
    {"messages": [{"role": "user", "content": "Say it loud."}, {"role": "assistant", "content": "TEA IS WARM!"}]},
]


def crab(*arguments: str, stdin: str | bytes = "") -> subprocess.CompletedProcess[bytes]:
    given = stdin.encode() if isinstance(stdin, str) else stdin
    command = [sys.executable, "-m", "crab", "constraints", *arguments]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, timeout=120)


def lines(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.decode().splitlines()]


def jsonl(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_types() -> None:
    plain = crab("types")
    assert plain.returncode == 0
    told = json.loads(crab("types", "--json").stdout)
    assert [one["name"] for one in told] == [info.name for info in constraints.types()]
    assert {"name", "paper_category", "checkable", "example", "meaning", "ifeval"} <= told[0].keys()
    assert all(info.example in plain.stdout.decode() for info in constraints.types())


def test_what_is_derived_from_a_file_is_satisfied_when_it_is_checked_through_a_pipe(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(jsonl(*PAIRS))
    derived = crab("derive", str(file), "--random-seed", "3")
    assert (derived.returncode, derived.stderr) == (0, b"")
    records = lines(derived.stdout)
    assert [(record["line"], record.get("id")) for record in records] == [(1, "a"), (2, 7), (3, None)]
    assert [record["instruction"] for record in records] == ["Compare drinks.", "List drinks.", "Say it loud."]
    expected = constraints.derive(TEA, "Compare drinks.", random_seed=3)
    assert [one["text"] for one in records[0]["constraints"]] == [constraint.text for constraint in expected]
    assert all(one["witness"] for one in records[0]["constraints"])
    checked = crab("check", "-", stdin=derived.stdout)
    assert (checked.returncode, checked.stderr) == (0, b"")
    assert all(record["satisfied"] for record in lines(checked.stdout))
    assert lines(checked.stdout)[1]["id"] == 7


@pytest.mark.parametrize("stdin", [TEA, TEA + "\n", '{"tea": "warm"}\n', "", "\ufeffTea.", b"\xff tea"])
def test_text_is_one_response(stdin: str | bytes) -> None:
    done = crab("derive", "-", "--instruction", "Compare drinks.", stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    [record] = lines(done.stdout)
    assert "line" not in record
    assert all(constraints.parse(one["text"]) for one in record["constraints"])


def test_check_says_why_and_the_status_says_whether(tmp_path: Path) -> None:
    file = tmp_path / "answer.txt"
    file.write_text(TEA)
    asked = (
        "-c",
        "Write at most 40 words.",
        "-c",
        '{"type": "length:num_words", "params": {"relation": "at least", "n": 20}}',
    )
    done = crab("check", str(file), *asked, "--readings")
    assert (done.returncode, done.stderr) == (1, b"")
    [record] = lines(done.stdout)
    assert record["satisfied"] is False
    assert [one["satisfied"] for one in record["verdicts"]] == [True, False]
    assert record["verdicts"][1]["reason"] == "12 words, at least 20 asked"
    assert set(record["verdicts"][1]["readings"].values()) == {False}
    assert crab("check", str(file), *asked[:2]).returncode == 0


def test_constraints_of_lines_are_sentences_or_objects() -> None:
    rows = [
        {"response": TEA, "constraint": "Write at most 40 words."},
        {"response": TEA, "constraints": ["Do not use any commas.", {"type": "punctuation:no_comma", "params": {}}]},
        {"response": "tea, milk", "constraints": [{"type": "punctuation:no_comma"}]},
    ]
    done = crab("check", "-", stdin=jsonl(*rows))
    assert done.returncode == 1
    assert [record["satisfied"] for record in lines(done.stdout)] == [True, True, False]


BAD = [
    ("not json", "JSON"),
    ('{"response": 3}', "3 is no text"),
    ('{"instruction": "x"}', "no response"),
    ("[1, 2]", "no JSON object"),
    ("[" * 100_000, "JSON"),
    ('{"response": "x", "constraints": "y"}', "'y' is no list"),
    ('{"response": "x", "constraint": "Be nice."}', "'Be nice.': is not read"),
    ('{"response": "x", "constraint": {"type": "length:num_wrods"}}', "did you mean 'length:num_words'"),
    (
        '{"response": "x", "constraint": {"type": "length:words_per_sentence", "params": {"n": "3"}}}',
        "'3' is not a whole number",
    ),
    ('{"response": "x", "constraint": 3}', "not 3"),
]


def test_bad_lines_are_named_and_the_others_go_on() -> None:
    good = jsonl({"response": "a b", "constraint": "Write at most 40 words."})
    done = crab("check", "-", stdin=good + "".join(f"{line}\n\n" for line, _ in BAD) + good)
    assert done.returncode == 2
    assert [record["line"] for record in lines(done.stdout)] == [1, 2 * len(BAD) + 2]
    problems = done.stderr.decode().splitlines()
    for number, (line, message) in enumerate(BAD):
        [told] = [problem for problem in problems if f"standard input:{2 * number + 2}:" in problem]
        assert message in told, line
    assert len(problems) == len(BAD)


def test_derive_goes_on_after_a_bad_line() -> None:
    done = crab("derive", "-", "--format", "jsonl", stdin=b"\xff\xfe\n" + jsonl(PAIRS[0]).encode())
    assert done.returncode == 2
    assert [record["line"] for record in lines(done.stdout)] == [2]
    assert done.stderr.startswith(b"crab: standard input:1:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["derive", "nowhere.jsonl"], "nowhere.jsonl: No such file"),
        (["derive", "."], "Is a directory"),
        (["check", "-"], "no constraint to check"),
        (["check", "-", "-c", "Be nice."], "is not read as a constraint"),
        (["check", "-", "-c", '{"type": "nope"}'], "unknown constraint type"),
        (["check", "-", "-c", '{"type": '], "JSON"),
        (["check", "-", "-c", '{"type": "style:writing_style", "params": {}}'], "ask a judge"),
    ],
)
def test_a_mistake_is_one_message_without_a_traceback(arguments: list[str], message: str) -> None:
    done = crab(*arguments, stdin="a response")
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert done.stdout == b""


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(jsonl(*[PAIRS[1]] * 300))
    command = f"{sys.executable} -m crab constraints derive {file} | head -n 1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, timeout=120)
    assert len(lines(done.stdout)) == 1
    assert done.stderr == b""

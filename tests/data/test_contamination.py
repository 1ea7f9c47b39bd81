from __future__ import annotations

import json
from pathlib import Path

import pytest

from crab.config.seed import ContaminationConfig
from crab.core.errors import DataError
from crab.core.records import Seed
from crab.data.contamination import Overlap

LONG = "please write a short and cheerful poem about a lighthouse keeper who has lost his only key to the tower"
MIDDLE = "what are the names of the nine largest rivers"
SHORT = "write a poem"


@pytest.fixture
def overlap(project: Path) -> Overlap:
    """One file in each benchmark's shape."""
    (project / "ifeval.jsonl").write_text(json.dumps({"key": 1, "prompt": LONG, "kwargs": [{}]}) + "\n")
    (project / "followbench.json").write_text(
        json.dumps([{"example_id": 1, "level": 1, "instruction": MIDDLE}, {"example_id": 2, "instruction": SHORT}])
    )
    return Overlap(config("ifeval.jsonl", "followbench.json"))


def config(*prompts: str) -> ContaminationConfig:
    return ContaminationConfig(prompts=list(prompts), digest="", ngram_words=13, min_prompt_words=8)


@pytest.mark.parametrize(
    ("instruction", "response", "benchmarks"),
    [
        (LONG, "x", ["ifeval"]),
        (LONG.upper().replace(" ", ",  "), "x", ["ifeval"]),
        (" ".join(LONG.split()[3:16]), "x", ["ifeval"]),
        (" ".join(LONG.split()[3:15]), "x", []),
        ("first, " + MIDDLE + "? and then", "x", ["followbench"]),
        (MIDDLE.removesuffix(" rivers"), "x", []),
        (SHORT, "x", ["followbench"]),
        ("Write a poem!", "x", ["followbench"]),
        ("write a poem about bees", "x", []),
        ("unrelated", "you asked: " + LONG, ["ifeval"]),
        (LONG + " " + MIDDLE, "x", ["followbench", "ifeval"]),
        ("!?", "...", []),
    ],
)
def test_overlap(overlap: Overlap, instruction: str, response: str, benchmarks: list[str]) -> None:
    answer = overlap(Seed("id", "test", instruction, response, "en"))
    assert answer.ok == (not benchmarks)
    assert [name for name, count in sorted(overlap.hits.items()) if count] == benchmarks
    assert answer.detail.partition(":")[0] == ", ".join(benchmarks)


def test_unusable_prompt_files_are_told_at_once(project: Path) -> None:
    (project / "a.jsonl").write_text('{"prompt": "fine"}\nnot json\n')
    with pytest.raises(DataError, match=r"a\.jsonl:2"):
        Overlap(config("a.jsonl"))
    (project / "b.jsonl").write_text('{"prompt": "fine"}\n{"text": "no prompt"}\n{"prompt": ["list"]}\n')
    with pytest.raises(DataError) as caught:
        Overlap(config("b.jsonl"))
    assert [problem.where for problem in caught.value.problems] == ["b.jsonl:2", "b.jsonl:3"]
    with pytest.raises(DataError, match=r"gone\.jsonl"):
        Overlap(config("gone.jsonl"))


def test_published_files_are_told_apart_by_what_they_hold(shared_data: Path) -> None:
    files = [
        shared_data / "ifeval" / "input_data.jsonl",
        shared_data / "ifbench" / "IFBench_test.jsonl",
        *sorted((shared_data / "followbench").glob("*.json")),
    ]
    overlap = Overlap(config(*map(str, files)))
    assert overlap.hits == {"ifeval": 0, "ifbench": 0, "followbench": 0}
    own = [json.loads(line)["prompt"] for line in files[1].read_text(encoding="utf-8").splitlines()]
    assert not any(overlap(Seed("own", "ifbench", prompt, "answer", "en")).ok for prompt in own)
    assert overlap.hits["ifbench"] == len(own)

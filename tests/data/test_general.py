from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from crab.config.general import GeneralConfig
from crab.core.errors import DataError
from crab.core.records import Rejected
from crab.data import digest, general
from crab.data.sources.rows import Row
from tests.sections import from_conf

TURNS = [
    {"from": "human", "value": "What is a crab?"},
    {"from": "gpt", "value": "A crustacean."},
    {"from": "human", "value": "And a prawn?"},
    {"from": "gpt", "value": "Another one."},
]


def from_files(*files: Path, **changes: Any) -> GeneralConfig:
    names = [str(file) for file in files]
    values = from_conf(GeneralConfig, "general", "sharegpt").model_dump() | {
        "source": "files", "dataset": None, "path": names, "digest": digest.digest(names, Path()), "limit": None,
    }  # fmt: skip
    return GeneralConfig.model_validate(values | changes)


def conversations(file: Path, *turns: Any) -> Path:
    file.write_text("\n".join(json.dumps({"conversations": one}) for one in turns))
    return file


def messages(turns: Any) -> Any:
    fields = from_conf(GeneralConfig, "general", "sharegpt").conversation
    assert fields is not None
    return general.to_messages(Row("a:1", "a", {"conversations": turns}), fields)


def test_a_conversation_becomes_a_row_whose_completion_is_the_last_answer(tmp_path: Path) -> None:
    [row], rejected = general.read(from_files(conversations(tmp_path / "a.jsonl", TURNS)))
    assert [turn["role"] for turn in row.prompt] == ["user", "assistant", "user"]
    assert row.completion == [{"role": "assistant", "content": "Another one."}]
    assert (row.task, row.weight, rejected) == ("general", 1.0, [])


def test_what_stands_before_the_first_question_or_after_the_last_answer_is_left_out() -> None:
    assert [turn["content"] for turn in messages([TURNS[1], *TURNS[:2], TURNS[2]])] == [
        "What is a crab?",
        "A crustacean.",
    ]


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ("text", "wrong type"),
        ([], "missing field"),
        ([{"from": "human", "value": "no answer"}], "missing field"),
        ([*TURNS, {"from": "tool", "value": "42"}], "unknown role"),
        ([TURNS[0], TURNS[0], TURNS[1]], "turns out of order"),
        ([{"from": "human", "value": "  "}], "empty"),
        ([{"from": "human", "value": 3}], "wrong type"),
        ([["human", "hi"]], "unknown role"),
    ],
)
def test_a_bad_conversation_is_rejected_with_its_reason(turns: Any, reason: str) -> None:
    result = messages(turns)
    assert isinstance(result, Rejected)
    assert result.reason == reason


def test_a_sample_is_drawn_by_place_and_kept_in_reading_order(tmp_path: Path) -> None:
    file = conversations(tmp_path / "a.jsonl", *[TURNS] * 50)
    few, _ = general.read(from_files(file, limit=10))
    more, _ = general.read(from_files(file, limit=20))
    assert len(few) == 10
    places = [row.seed_id for row in more]
    assert {row.seed_id for row in few} < set(places)
    assert places == sorted(places, key=lambda place: int(place.rpartition(":")[2]))
    first, _ = general.read(from_files(file, limit=3, draw="first"))
    assert [row.seed_id.rpartition(":")[2] for row in first] == ["1", "2", "3"]


def test_a_changed_file_and_an_unusable_one_are_told(tmp_path: Path) -> None:
    config = from_files(conversations(tmp_path / "a.jsonl", TURNS))
    conversations(tmp_path / "a.jsonl", TURNS, TURNS)
    with pytest.raises(DataError, match="content has changed"):
        general.read(config)
    with pytest.raises(DataError, match="no usable conversation, 1 rejected"):
        general.read(from_files(conversations(tmp_path / "b.jsonl", [])))


def test_a_local_data_set_is_streamed(tmp_path: Path) -> None:
    conversations(tmp_path / "train.jsonl", *[TURNS] * 5)
    dataset = {"name": str(tmp_path), "config": None, "split": "train", "revision": None, "data_files": None}
    values = from_files(tmp_path / "train.jsonl").model_dump() | {"source": "hub", "path": None, "digest": None}
    rows, _ = general.read(GeneralConfig.model_validate(values | {"dataset": dataset, "draw": "first", "limit": 2}))
    assert len(rows) == 2


def test_no_source_gives_no_rows() -> None:
    assert general.read(from_conf(GeneralConfig, "general", "none")) == ([], [])


def test_values_of_another_source_are_refused() -> None:
    with pytest.raises(ValidationError, match="path does not belong to source = none"):
        from_conf(GeneralConfig, "general", "none", path="a.jsonl")
    with pytest.raises(ValidationError, match="path names no file"):
        from_conf(GeneralConfig, "general", "files", path=[], digest="none")

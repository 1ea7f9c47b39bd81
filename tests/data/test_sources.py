from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab.config.seed import FieldsConfig, SeedConfig
from crab.core import io
from crab.core.errors import DataError
from crab.core.records import Rejected, Seed
from crab.data import selection
from crab.data.sources import fields, rows

FIELDS = FieldsConfig(
    id="id",
    instruction=["instruction", "prompt"],
    input=["input", "context"],
    response=["response", "output", "completion"],
    messages=["messages", "conversations"],
    source=None,
)
GOOD = {"id": "a", "instruction": "say hi", "output": "hi there"}


def read(path: Path) -> list[Seed | Rejected]:
    items = rows.read(str(path))
    return [item if isinstance(item, Rejected) else fields.to_seed(item, FIELDS) for item in items]


def one(values: dict[str, Any], names: FieldsConfig = FIELDS) -> Seed | Rejected:
    return fields.to_seed(rows.Row("file:1", "file", values), names)


def lines(path: Path, *content: object) -> Path:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in content]
    path.write_bytes(b"\n".join(raw) + b"\n")
    return path


# Kinds of files -----------------------------------------------------------------------------------------------------


def write_json(path: Path, table: list[dict[str, str]]) -> None:
    path.write_text(json.dumps(table))


def write_data(path: Path, table: list[dict[str, str]]) -> None:
    path.write_text(json.dumps({"data": table, "version": 2}))


def write_jsonl(path: Path, table: list[dict[str, str]]) -> None:
    # A byte order mark, Windows line ends and an empty line are no rows and no faults.
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n\r\n".join(json.dumps(row).encode() for row in table))


def write_csv(path: Path, table: list[dict[str, str]]) -> None:
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def write_parquet(path: Path, table: list[dict[str, str]]) -> None:
    pq.write_table(pa.Table.from_pylist(table), path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.json", write_json),
        ("b.json", write_data),
        ("c.jsonl", write_jsonl),
        ("d.csv", write_csv),
        ("e.parquet", write_parquet),
    ],
)
def test_every_kind_of_file_gives_the_same_seeds(
    tmp_path: Path, name: str, write: Callable[[Path, list[dict[str, str]]], None]
) -> None:
    table = [
        {"id": "1", "instruction": "Wie geht's?", "input": "", "output": 'Gut, "danke"!\nUnd dir?'},
        {"id": "2", "instruction": "translate", "input": "日本", "output": "Japan, with a comma"},
    ]
    write(tmp_path / name, table)
    first, second = read(tmp_path / name)
    assert isinstance(first, Seed)
    assert isinstance(second, Seed)
    assert (first.id, first.instruction, first.response) == ("1", "Wie geht's?", 'Gut, "danke"!\nUnd dir?')
    assert (second.instruction, second.response) == ("translate\n\n日本", "Japan, with a comma")
    assert (first.source, first.language) == (Path(name).stem, "und")
    assert first.meta["row"].startswith(str(tmp_path / name) + ":")


def test_relative_paths_start_at_the_main_checkout(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines(project.parent / "beside.jsonl", GOOD)
    snapshot = project / ".dvc" / "tmp" / "exps" / "tmpabc"
    snapshot.mkdir(parents=True)
    monkeypatch.chdir(snapshot)
    (row,) = rows.read(["../beside.jsonl"])
    assert isinstance(row, rows.Row)
    assert row.where == "../beside.jsonl:1"


def test_all_unusable_files_are_told_at_once(project: Path) -> None:
    (project / "folder").mkdir()
    (project / "notes.txt").write_text("x")
    (project / "broken.json").write_text('[{"a": 1}')
    (project / "many.json").write_text('{"a": 1}\n{"a": 2}\n')
    (project / "scalar.json").write_text('{"rows": 3}')
    (project / "fake.parquet").write_text("PAR?")
    lines(project / "good.jsonl", GOOD)
    names = [
        "gone.jsonl",
        "folder",
        "notes.txt",
        "broken.json",
        "many.json",
        "scalar.json",
        "fake.parquet",
        "good.jsonl",
    ]
    with pytest.raises(DataError) as caught:
        rows.read(names)
    said = {problem.where: f"{problem.found} {problem.fix}" for problem in caught.value.problems}
    assert list(said) == names[:-1]
    assert "no such file" in said["gone.jsonl"]
    assert "folder" in said["folder"]
    assert ".jsonl, .ndjson, .json, .csv, .parquet" in said["notes.txt"]
    assert "not JSON" in said["broken.json"]
    assert "name it .jsonl" in said["many.json"]
    assert '{"data": [...]}' in said["scalar.json"]
    assert "not Parquet" in said["fake.parquet"]


# Malformed rows -----------------------------------------------------------------------------------------------------

MALFORMED: list[tuple[object, str]] = [
    (b'{"instruction": "x", "output": ', "not JSON"),
    (b"{'instruction': 'x', 'output': 'y'}", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b'{"id": ' + b"9" * 5000 + b"}", "not JSON"),
    (b'{"instruction": "caf\xe9", "output": "y"}', "not UTF-8"),
    (b"\xff\xfe\x00", "not UTF-8"),
    (b'["instruction", "output"]', "not an object"),
    (b"null", "not an object"),
    ({"instruction": "x"}, "missing field"),
    ({"output": "x"}, "missing field"),
    ({}, "missing field"),
    ({"instruction": None, "output": "x"}, "missing field"),
    ({"instruction": 3, "output": "x"}, "wrong type"),
    ({"instruction": "x", "output": ["y"]}, "wrong type"),
    ({"instruction": "x", "input": {"a": 1}, "output": "y"}, "wrong type"),
    ({"instruction": "x", "output": True}, "wrong type"),
    ({"instruction": "", "output": "x"}, "empty"),
    ({"instruction": "x", "output": " \n\t "}, "empty"),
    ({"instruction": "x", "output": "a\0b"}, "invalid character"),
    (b'{"instruction": "x", "output": "half a pair: \\ud83d"}', "invalid character"),
    ({"instruction": "x", "input": "\0", "output": "y"}, "invalid character"),
    ({"messages": "hello"}, "wrong type"),
    ({"messages": []}, "missing field"),
    ({"messages": ["hello"]}, "wrong type"),
    ({"messages": [{"role": "user", "content": "x"}]}, "missing field"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, "missing field"),
    ({"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": "y"}]}, "missing field"),
    ({"messages": [{"role": "user", "content": "x"}, {"role": "tool", "content": "y"}]}, "wrong type"),
    ({"messages": [{"role": "user", "content": 7}]}, "wrong type"),
    ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": ""}]}, "empty"),
]


@pytest.mark.parametrize(("line", "reason"), MALFORMED, ids=lambda value: str(value)[:40])
def test_a_malformed_row_is_rejected_with_reason_and_place(tmp_path: Path, line: object, reason: str) -> None:
    before, bad, after = read(lines(tmp_path / "x.jsonl", GOOD, line, GOOD))
    assert isinstance(before, Seed)
    assert isinstance(after, Seed)
    assert isinstance(bad, Rejected)
    assert (bad.stage, bad.reason) == ("seed", reason)
    assert bad.detail.startswith(f"{tmp_path / 'x.jsonl'}:2")
    assert io.loads(Rejected, io.dumps(bad)) == bad
    assert len(io.dumps(bad)) < 3000 + len(str(tmp_path))


def test_a_huge_line_is_skipped_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "LONGEST_ROW_BYTES", 500)
    huge = {"instruction": "x", "output": "y" * 10_000}
    exact = GOOD | {"output": "z" * (499 - len(json.dumps(GOOD | {"output": ""})))}
    found = read(lines(tmp_path / "x.jsonl", GOOD, huge, exact, huge))
    assert [item.reason if isinstance(item, Rejected) else item.instruction for item in found] == [
        "say hi",
        "too long",
        "say hi",
        "too long",
    ]


def test_malformed_cells_of_a_csv_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(
        b'instruction,output\nsay hi,hi\nonly one\nthree,cells,here\n\ncaf\xe9,y\n"two\nlines",fine\n,empty\nnul,a\0b\n'
    )
    found = read(tmp_path / "x.csv")
    assert [item.reason if isinstance(item, Rejected) else item.instruction for item in found] == [
        "say hi",
        "not CSV",
        "not CSV",
        "invalid character",
        "two\nlines",
        "empty",
        "invalid character",
    ]
    assert all(io.dumps(item) for item in found)


def test_malformed_cells_of_a_parquet_file_are_rejected(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\x02\0\0\0\x04\0\0\0"), pa.py_buffer(b"hi\xff\xfe")]
    )
    table = pa.table({"instruction": ["x", "y"], "output": broken, "n": [math.nan, 1.0], "raw": [b"\xff", None]})
    pq.write_table(table, tmp_path / "x.parquet")
    good, bad = read(tmp_path / "x.parquet")
    assert isinstance(good, Seed)
    assert isinstance(bad, Rejected)
    assert bad.reason == "not UTF-8"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(["id", "instruction", "input", "output", "response", "messages", "conversations", "prompt"])


@given(values=st.dictionaries(NAMES, ANYTHING))
def test_any_object_becomes_a_seed_or_a_rejected_line(values: dict[str, Any]) -> None:
    found = one(values)
    assert io.dumps(found)
    if isinstance(found, Seed):
        assert found.instruction.strip()
        assert found.response.strip()
    else:
        assert found.detail.startswith("file:1")


@given(
    content=st.lists(
        st.binary(max_size=60).filter(lambda line: b"\n" not in line)
        | st.dictionaries(NAMES, ANYTHING).map(lambda row: json.dumps(row).encode()),
        max_size=8,
    )
)
def test_every_line_of_any_file_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, content: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "x.jsonl"
    path.write_bytes(b"\n".join(content))
    found = read(path)
    assert len(found) == sum(bool(line.strip()) for line in content)
    assert all(io.dumps(item) for item in found)


# Fields -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "instruction", "response"),
    [
        ({"instruction": "a", "output": "b"}, "a", "b"),
        ({"prompt": "a", "completion": "b"}, "a", "b"),
        ({"instruction": None, "prompt": "a", "response": "b", "output": "c"}, "a", "b"),
        ({"instruction": "a", "input": "x", "output": "b"}, "a\n\nx", "b"),
        ({"instruction": "a", "input": "", "context": "y", "output": "b"}, "a", "b"),
        ({"instruction": " a\r\n", "output": "\nb\rc "}, "a", "b\nc"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, "a", "b"),
        (
            {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}, {"from": "human"}]},
            "a",
            "b",
        ),
        (
            {
                "messages": [
                    {"role": "system", "content": "s"},
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": "b"},
                ]
            },
            "s\n\na",
            "b",
        ),
    ],
)
def test_default_fields_read_the_usual_forms(values: dict[str, Any], instruction: str, response: str) -> None:
    seed = one(values)
    assert isinstance(seed, Seed)
    assert (seed.instruction, seed.response) == (instruction, response)


def test_fields_can_be_mapped_by_dotted_paths() -> None:
    names = FieldsConfig(
        id="meta.key", instruction="ask.0.text", input=None, response="a.b", messages=None, source="meta.from"
    )
    values = {"meta": {"key": 7, "from": "web"}, "ask": [{"text": "x"}], "a.b": "y", "input": "unused"}
    seed = one(values, names)
    assert isinstance(seed, Seed)
    assert (seed.id, seed.source, seed.instruction, seed.response) == ("7", "web", "x", "y")
    lacking = one({"ask": [], "a.b": "y"}, names)
    assert isinstance(lacking, Rejected)
    assert lacking.reason == "missing field"


@pytest.mark.parametrize("identifier", [None, True, 1.5, ["x"], "", " ", "a\0b", "\ud800", "x" * 201, 2**70])
def test_an_unusable_id_is_no_id(identifier: object) -> None:
    seed = one(GOOD | {"id": identifier})
    assert isinstance(seed, Seed)
    assert seed.id == ""


def test_a_file_with_faults_goes_through_the_whole_stage(project: Path, seed_config: Callable[..., SeedConfig]) -> None:
    good = [
        {"instruction": f"tell me about number {n}", "output": f"number {n} is a fine and round number."}
        for n in range(40)
    ]
    content = [line for pair in zip(good, [line for line, _ in MALFORMED] * 2, strict=False) for line in pair]
    lines(project / "mixed.jsonl", *content)
    config = seed_config("seed=files", "seed.path=mixed.jsonl", "seed.near_duplicates.threshold=null")
    selected = selection.select(selection.candidates(config), config)
    assert selected.metrics["kept"] == 40
    assert selected.metrics["read"] == 80
    assert sum(selected.metrics["rejected"].values()) == len(selected.rejected) == 40
    assert set(selected.metrics["rejected"]) == {reason for _, reason in MALFORMED}
    assert selected.metrics["sources"] == {"mixed": {"kept": 40, "rejected": 40}}
    assert all(line.detail.startswith("mixed.jsonl:") for line in selected.rejected)

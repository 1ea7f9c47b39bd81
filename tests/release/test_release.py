"""A release as others take it: loaded by `datasets` and `transformers`, its cards read by the hub's classes."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import DatasetCard, ModelCard
from markdown_it import MarkdownIt

from crab.core import io
from crab.core.errors import DataError
from crab.core.records import Constraint, Example, Verdict
from crab.release import build
from crab.release.build import Release

CARDS = ("dataset", "model-sft", "model-dpo")


def made(run: Path, include_restricted: bool = False) -> Release:
    return build.build(run, run / "out", None, include_restricted, "me/data")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def load(folder: Path, cache: Path, name: str | None = None) -> Any:
    import datasets

    return datasets.load_dataset(str(folder), name, cache_dir=str(cache))


def test_the_data_set_loads_with_exactly_what_may_be_released(run: Path, tmp_path: Path) -> None:
    found = made(run)
    verified = io.read(run / "data/verified/train.jsonl", Example)
    pairs = load(run / "out/dataset", tmp_path / "cache")
    assert {split: len(rows) for split, rows in pairs.items()} == {"train": 1, "heldout": 2}
    assert found.written.rows["constraints"] == {"train": 1, "heldout": 2}
    assert found.written.left_out == {"for study": 1, "from | <b>somewhere</b>\nelse": 1}
    row = pairs["train"][0]
    assert (row["id"], row["source"], row["licence"]) == ("s0", "by hand", "Apache-2.0")
    constraints = verified[0].constraints
    assert [one["text"] for one in row["constraints"]] == [constraint.text for constraint in constraints]
    assert [json.loads(one["params"]) for one in row["constraints"]] == [one.params for one in constraints]
    assert all(one["verdict"]["satisfied"] for one in row["constraints"])
    assert [one["bits"] for one in row["constraints"]] == [constraint.bits for constraint in constraints]
    rows = load(run / "out/dataset", tmp_path / "cache", "sft")["train"]
    assert sorted(rows["seed_id"]) == ["s0", "s3", "s4", "s4"]
    assert set(rows["task"]) == {"forward", "reverse"}
    assert load(run / "out/dataset", tmp_path / "cache", "preferences")["train"]["seed_id"][:] == ["s4"]
    assert found.written.rows_left_out == {"sft": 2}


def test_restricted_sources_come_on_request_and_are_named(run: Path, tmp_path: Path) -> None:
    found = made(run, include_restricted=True)
    assert len(load(run / "out/dataset", tmp_path / "cache")["train"]) == 3
    assert not found.written.left_out
    text = (run / "out/dataset/README.md").read_text(encoding="utf-8")
    assert "CC BY-NC 4.0 | 1 | 1 | licence forbids commercial use (**included on request**)" in text
    assert DatasetCard(text).data.license == "other"


def test_a_model_loads_and_answers(run: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    made(run)
    for name in ("sft", "dpo"):
        folder = run / f"out/model-{name}"
        assert not (folder / "training_args.bin").exists()
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
        messages = [{"role": "user", "content": "tea is hot"}]
        prompt = tokenizer.apply_chat_template(messages, return_tensors="pt", return_dict=True)
        answer = model.generate(**prompt, max_new_tokens=3, do_sample=False)
        assert answer.shape[1] > prompt["input_ids"].shape[1]
        released = (folder / "model.safetensors").read_bytes()
        assert released == (run / f"models/{name}/model.safetensors").read_bytes()


def test_the_cards_are_read_by_the_hub(run: Path) -> None:
    made(run)
    card = DatasetCard((run / "out/dataset/README.md").read_text(encoding="utf-8"))
    assert card.data.license == "apache-2.0"
    assert [one["config_name"] for one in card.data.configs] == ["constraints", "sft", "preferences"]
    model = ModelCard((run / "out/model-dpo/README.md").read_text(encoding="utf-8"))
    assert (model.data.pipeline_tag, model.data.datasets) == ("text-generation", ["me/data"])
    sft = ModelCard((run / "out/model-sft/README.md").read_text(encoding="utf-8"))
    [result] = sft.data.eval_results
    metrics = io.read_json(run / "results/metrics.json")
    assert result.metric_value == pytest.approx(100 * metrics["heldout"]["sft"]["prompt_strict"]["mean"], abs=0.01)
    assert "forbids commercial use" in model.text  # the weights have seen what the data set leaves out
    assert "| `chance` |" in model.text


def test_hostile_texts_are_seen_and_never_act(run: Path) -> None:
    made(run, include_restricted=True)
    for name in CARDS:
        text = (run / "out" / name / "README.md").read_text(encoding="utf-8")
        assert "\x1b" not in text
        assert "\u202e" not in text
        body = ModelCard(text).text
        page = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
        # What is left of markup once code is taken away is our own.
        outside = re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", page, flags=re.S)
        assert "<script" not in outside
        assert "<img" not in outside
        assert "<b>" not in outside
        assert "&lt;b&gt;somewhere&lt;/b&gt; else" in outside
        for table in re.findall(r"<table>.*?</table>", page, flags=re.S):
            widths = {len(re.findall("<t[hd]", line)) for line in re.findall(r"<tr>.*?</tr>", table, flags=re.S)}
            assert len(widths) == 1, table


def test_equal_inputs_give_equal_bytes(run: Path) -> None:
    made(run)
    first = tree(run / "out")
    made(run)
    assert tree(run / "out") == first
    assert json.loads(first["release.json"])["files"].keys() == first.keys() - {"release.json"}


def test_it_is_whole_or_not_there(run: Path) -> None:
    made(run)
    before = tree(run / "out")
    (run / "models/dpo/model.safetensors").unlink()
    with pytest.raises(DataError, match="no weights as safetensors"):
        made(run)
    assert tree(run / "out") == before
    assert not list(run.glob(".out*"))


def test_a_folder_that_is_no_release_is_not_replaced(run: Path) -> None:
    (run / "out").mkdir()
    made(run)  # an empty one is
    (run / "out/release.json").unlink()
    with pytest.raises(DataError, match="no earlier release"):
        made(run)
    assert (run / "out/dataset/README.md").exists()


def test_a_false_constraint_stops_it(run: Path) -> None:
    [example, *others] = io.read(run / "data/verified/train.jsonl", Example)
    told = Verdict(True, "so it was said")
    false = Constraint("length:num_words", {"relation": "at least", "n": 999}, "999 words.", verdict=told)
    io.write(run / "data/verified/train.jsonl", [dataclasses.replace(example, constraints=(false,)), *others])
    with pytest.raises(DataError, match="1 constraints are not true"):
        made(run)


def test_a_judged_constraint_is_told_apart(run: Path) -> None:
    [example, *others] = io.read(run / "data/verified/train.jsonl", Example)
    judged = Constraint("style:tone", {}, "Sound friendly.", "teacher", "", None, Verdict(True, "it does", "a judge"))
    io.write(run / "data/verified/train.jsonl", [dataclasses.replace(example, constraints=(judged,)), *others])
    assert made(run).written.proof.judged == 1
    assert "rest on a judge's word" in (run / "out/dataset/README.md").read_text(encoding="utf-8")


def test_what_came_with_the_data_is_told_apart(run: Path) -> None:
    [example, *others] = io.read(run / "data/verified/train.jsonl", Example)
    false = Constraint("length:num_words", {"relation": "at least", "n": 999}, "999 words.", "data")
    kept = dataclasses.replace(false, verdict=Verdict(False, "3 words"))
    believed = Constraint("style:tone", {}, "Sound friendly.", "data", verdict=Verdict(True, "as stated", "data"))
    io.write(run / "data/verified/train.jsonl", [dataclasses.replace(example, constraints=(kept, believed)), *others])
    proof = made(run).written.proof
    assert (proof.known_false, proof.unproved, proof.judged, proof.false) == (1, 1, 0, 0)
    assert "**Not proved**" in (run / "out/dataset/README.md").read_text(encoding="utf-8")


def test_nothing_to_release(run: Path) -> None:
    io.write(run / "data/verified/train.jsonl", [])
    io.write(run / "data/verified/heldout.jsonl", [])
    with pytest.raises(DataError, match="no records"):
        made(run)


def test_only_restricted_sources(run: Path) -> None:
    io.write(run / "data/verified/heldout.jsonl", [])
    io.write(run / "data/verified/train.jsonl", io.read(run / "data/verified/train.jsonl", Example)[1:])
    with pytest.raises(DataError, match="--include-restricted"):
        made(run)

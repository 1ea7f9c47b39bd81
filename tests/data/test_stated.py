"""Rows that state constraints already: by a field, by category, or in the prompt of the authors' training set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crab.config.dataset import DatasetConfig
from crab.config.seed import SeedConfig
from crab.core.errors import ConfigError
from crab.core.records import REFINED, STATED, Rejected, Seed
from crab.data import selection
from crab.data.sources import released, stated
from crab.data.sources.values import Fault

Compose = Callable[..., SeedConfig]
NO_DATASET = DatasetConfig(name="none", config=None, split="train", revision=None, data_files=None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        (["Be brief.", " No commas. ", ""], ["Be brief.", "No commas."]),
        ({"Digit": "Use 50 words.", "Tone": None}, ["Use 50 words."]),
        (
            "1. Be brief.\n2) No commas.\n\n- Use 3 bullets.\n* Rhyme.",
            ["Be brief.", "No commas.", "Use 3 bullets.", "Rhyme."],
        ),
        ("3 bullets, please.", ["3 bullets, please."]),
    ],
)
def test_the_usual_forms_are_read(value: object, expected: list[str]) -> None:
    assert stated.texts("constraints", value) == expected


@pytest.mark.parametrize("value", [7, [7], {"a": ["b"]}, ["a\0b"], "\ud800"])
def test_anything_else_is_a_fault(value: object) -> None:
    assert isinstance(stated.texts("constraints", value), Fault)


def test_a_mapping_takes_them_along(seed_config: Compose, tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    rows = [
        {"instruction": "say hi to everyone", "output": "hi to all of you out there", "must": ["No commas."]},
        {"instruction": "say bye to everyone", "output": "bye to all of you out there"},
        {"instruction": "say something to everyone", "output": "here is something for you all", "must": 7},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = ("seed=files", f"seed.path={file}", "seed.fields.constraints=must")
    config = seed_config(*asked)
    assert config.states_constraints
    chosen = selection.select(selection.candidates(config), config)
    kept = [one for split in chosen.kept.values() for one in split]
    assert sorted(str(one.meta.get(STATED)) for one in kept) == ["None", "['No commas.']"]
    assert [line.reason for line in chosen.rejected] == ["wrong type"]


def turns(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]


def of_release(tmp_path: Path, *rows: dict[str, Any]) -> list[Seed | Rejected]:
    file = tmp_path / "train.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [*released.read(str(file), NO_DATASET)]


def test_forward_rows_of_the_training_set_are_taken_apart(tmp_path: Path) -> None:
    forward = {"id": "7_forward", "cnt_id": "1", "source": "oasst2"}
    shots = turns("earlier\n\nBe odd.\nBe even.", "an answer")
    found = of_release(
        tmp_path,
        forward | {"messages": [*shots, *turns("tell me.\n\nabout tea\n\n- Be brief.\n- No commas.", "Tea.")]},
        forward | {"id": "8_reverse", "messages": turns("what was asked?", "Be brief.")},
        forward | {"id": "x", "source": "sharegpt", "messages": turns("hi", "hello")},
        forward | {"messages": turns("tell me about tea", "Tea.")},
        forward | {"messages": turns("Do this.\n\nInstruction: tea\n\nWhat counts:\n- Be brief.", "Tea.")},
        forward | {"messages": "none"},
    )
    first, *others = found
    assert isinstance(first, Seed)
    assert (first.id, first.source, first.instruction, first.response) == (
        "oasst2-7",
        "oasst2",
        "tell me.\n\nabout tea",
        "Tea.",
    )
    assert first.meta[STATED] == ["Be brief.", "No commas."]
    reasons = [one.reason for one in others if isinstance(one, Rejected)]
    assert reasons == ["another task", "another task", "no list of constraints", "no list of constraints", "wrong type"]


def test_rows_of_the_sample_have_them_by_category(tmp_path: Path) -> None:
    listed = {"Refined_Instruction": "tell me about hot tea", "Additional_Instruction": {"Digit": "Use 50 words."}}
    [one] = of_release(
        tmp_path, {"id": 3, "source": "alpaca", "messages": turns("tell me", "Tea."), "Aug_instruction": listed}
    )
    assert isinstance(one, Seed)
    assert (one.id, one.meta[STATED], one.meta[REFINED]) == ("alpaca-3", ["Use 50 words."], "tell me about hot tea")


def test_the_release_comes_from_the_hub_or_from_a_file(seed_config: Compose, tmp_path: Path) -> None:
    assert seed_config("seed=crab_released").path is None
    file = tmp_path / "train.jsonl"
    file.write_text(
        json.dumps({"id": "1_forward", "source": "a", "messages": turns("tea\n\nBe brief.\nNo commas.", "Tea.")})
    )
    config = seed_config("seed=crab_released", f"seed.path={file}", "seed.fractions={dev: 0.0, heldout: 0.0}")
    chosen = selection.select(selection.candidates(config), config)
    assert [one.id for one in chosen.kept["train"]] == ["a-1"]
    with pytest.raises(ConfigError, match="dataset belongs to source=hub"):
        seed_config(
            "seed=files",
            f"seed.path={file}",
            "+seed.dataset={name: a, config: null, split: a, revision: null, data_files: null}",
        )

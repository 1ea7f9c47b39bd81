from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crab.core.errors import CrabError, DataError
from crab.core.records import TrainingRow
from crab.training import loading, sft

Rows = Callable[..., list[TrainingRow]]


def train(base: Path, rows: Rows, config: Any, work: Path, reverse: int = 30, forward: int = 40) -> dict[str, float]:
    logged: list[int] = []
    prepared = [
        sft.prepare(base, rows(count, task), config.sft, config.model).rows
        for count, task in ((forward, "forward"), (reverse, "reverse"))
    ]
    metrics = sft.train(
        base, prepared[0], prepared[1], config.sft, config.model, config.compute, work,
        config.launch.save_seconds, work / "model", lambda step, values: logged.append(step),
    )  # fmt: skip
    assert logged == sorted(logged)
    assert logged
    return metrics


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.rglob("*"))}


def test_alpha_zero_is_forward_only_training_bit_for_bit(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    without = train(base, rows, setup(sft__aux_weight=0.0), tmp_path / "a", reverse=30)
    only = train(base, rows, setup(sft__aux_weight=0.25), tmp_path / "b", reverse=0)
    both = train(base, rows, setup(sft__aux_weight=0.25), tmp_path / "c", reverse=30)
    assert digests(tmp_path / "a" / "model") == digests(tmp_path / "b" / "model")
    assert digests(tmp_path / "a" / "model") != digests(tmp_path / "c" / "model")
    assert without["forward_loss"] == only["forward_loss"]
    assert "reverse_loss" not in without
    assert both["reverse_loss"] > 0
    assert without["steps"] == only["steps"] == both["steps"] == 5


def test_same_inputs_same_bytes_and_only_plain_files(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    first = train(base, rows, setup(), tmp_path / "one")
    second = train(base, rows, setup(), tmp_path / "two")
    assert first == second
    assert digests(tmp_path / "one" / "model") == digests(tmp_path / "two" / "model")
    assert set(digests(tmp_path / "one" / "model")) == {
        "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip
    for file in (tmp_path / "one" / "model").glob("*.json"):
        assert str(tmp_path) not in file.read_text()


def test_other_seed_other_model(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    train(base, rows, setup(), tmp_path / "one")
    train(base, rows, setup(sft__random_seed=1), tmp_path / "two")
    assert digests(tmp_path / "one" / "model") != digests(tmp_path / "two" / "model")


def test_the_loss_falls(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    one = train(base, rows, setup(), tmp_path / "one")
    many = train(base, rows, setup(sft__epochs=12, sft__learning_rate=0.01), tmp_path / "many")
    assert many["forward_loss"] < 0.9 * one["forward_loss"]
    assert many["reverse_loss"] < 0.9 * one["reverse_loss"]


def test_adapters_are_merged(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    lora = {"r": 4, "alpha": 8, "dropout": 0.1, "target_modules": ["q_proj", "v_proj"]}
    train(base, rows, setup(model__lora=lora, sft__learning_rate=0.01), tmp_path)
    before = loading.load_policy(base, setup().model, "cpu").state_dict()
    after = loading.load_policy(tmp_path / "model", setup().model, "cpu").state_dict()
    assert before.keys() == after.keys()
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed == {name for name in before if "q_proj" in name or "v_proj" in name}


def test_gradient_checkpointing_changes_nothing(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    train(base, rows, setup(), tmp_path / "one")
    train(base, rows, setup(sft__gradient_checkpointing=True), tmp_path / "two")
    assert digests(tmp_path / "one" / "model") == digests(tmp_path / "two" / "model")


def test_nothing_to_train_on_says_what_to_check(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 forward and 30 reverse rows"):
        train(base, rows, setup(), tmp_path, forward=0)


def test_a_loss_that_is_no_number_stops(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    with pytest.raises(CrabError, match="lower learning_rate"):
        train(base, rows, setup(sft__learning_rate=1e30, sft__epochs=4, sft__max_grad_norm=1e9), tmp_path)

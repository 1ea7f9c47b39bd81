"""Starting from a checkpoint: what is wrong with it is told before anything loads, and what is right goes through."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from crab import experiment
from crab.core.errors import DataError
from crab.core.records import TrainingRow
from crab.training import loading, sft, start


@pytest.fixture
def checkpoint(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.setenv("CRAB_ROOT", str(tmp_path))
    shutil.copytree(base, tmp_path / "given")
    return tmp_path / "given"


def change(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def found(checkpoint: Path, setup: Any) -> str:
    config = setup(sft__start=str(checkpoint))
    with pytest.raises(DataError) as error:
        start.require(config.sft, config.model)
    return str(error.value)


def test_a_sound_checkpoint_is_what_gets_trained(checkpoint: Path, setup: Any) -> None:
    config = setup(sft__start=str(checkpoint))
    assert start.require(config.sft, config.model) == checkpoint
    assert start.origin(config.sft) == {"start": config.sft.start_digest}
    assert start.require(setup().sft, config.model) == Path("models/base")
    assert start.origin(setup().sft) == {}


def test_a_changed_checkpoint_reruns_the_stage_and_is_never_taken_for_the_recorded_one(
    checkpoint: Path, setup: Any
) -> None:
    before = setup(sft__start=str(checkpoint))
    change(checkpoint / "generation_config.json", do_sample=True)
    assert setup(sft__start=str(checkpoint)).sft.start_digest != before.sft.start_digest
    with pytest.raises(DataError, match="content has changed"):
        start.require(before.sft, before.model)


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "no such folder"),
    "no config": (lambda c: (c / "config.json").unlink(), "holds no config.json"),
    "adapters": (lambda c: (c / "config.json").rename(c / "adapter_config.json"), "adapters without their model"),
    "not JSON": (lambda c: (c / "config.json").write_text("{"), "config.json cannot be read"),
    "a list": (lambda c: (c / "config.json").write_text("[]"), "config.json holds no JSON object"),
    "architecture": (lambda c: change(c / "config.json", model_type="gpt2"), "is a 'gpt2' model"),
    "shape": (lambda c: change(c / "config.json", num_hidden_layers=7), "num_hidden_layers is 7"),
    "positions": (lambda c: change(c / "config.json", max_position_embeddings=8), "holds 8 positions"),
    "no weights": (lambda c: (c / "model.safetensors").unlink(), "model.safetensors is missing"),
    "pickles": (lambda c: (c / "model.safetensors").rename(c / "pytorch_model.bin"), "its weights are pickles"),
    "cut off": (
        lambda c: (c / "model.safetensors").write_bytes((c / "model.safetensors").read_bytes()[:-4]),
        "no whole safetensors file",
    ),
    "other weights": (lambda c: change(c / "config.json", vocab_size=9999), "token embeddings have the shape"),
    "missing shard": (
        lambda c: (c / "model.safetensors.index.json").write_text('{"weight_map": {"a": "one.safetensors"}}'),
        "one.safetensors is missing",
    ),
    "no tokenizer": (lambda c: (c / "tokenizer.json").unlink(), "holds no tokenizer.json"),
    "other tokenizer": (
        lambda c: change(c / "tokenizer.json", added_tokens=[{"id": 5000, "content": "<a>"}]),
        "its tokenizer numbers tokens up to 5000",
    ),
    "no template": (lambda c: (c / "chat_template.jinja").unlink(), "brings no chat template"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_message(fault: str, checkpoint: Path, setup: Any) -> None:
    spoil, message = FAULTS[fault]
    spoil(checkpoint)
    assert message in found(checkpoint, setup)


def test_all_faults_are_told_at_once_before_any_stage_runs(checkpoint: Path, setup: Any) -> None:
    change(checkpoint / "config.json", num_hidden_layers=7)
    (checkpoint / "tokenizer.json").unlink()
    config = setup(sft__start=str(checkpoint))
    problem = experiment._checkpoint_is_sound(config.sft, config.model)
    assert problem is not None
    assert "num_hidden_layers is 7" in str(problem)
    assert "holds no tokenizer.json" in str(problem)


def test_no_epochs_need_a_checkpoint(setup: Any) -> None:
    with pytest.raises(ValidationError, match="epochs = 0 trains nothing"):
        setup(sft__epochs=0)


def test_without_epochs_the_checkpoint_is_the_sft_model(checkpoint: Path, setup: Any, tmp_path: Path) -> None:
    (checkpoint / "training_args.bin").write_bytes(b"a pickle")
    (checkpoint / "generation_config.json").unlink()
    config = setup(sft__start=str(checkpoint), sft__epochs=0)
    output = tmp_path / "models" / "sft"
    assert start.pass_on(config.sft, output)["steps"] == 0
    assert {file.name for file in output.iterdir()} == {
        "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip
    assert (output / "model.safetensors").read_bytes() == (checkpoint / "model.safetensors").read_bytes()
    tokenizer = loading.load_tokenizer(output)
    assert json.loads((output / "generation_config.json").read_text())["eos_token_id"] == tokenizer.eos_token_id
    given = loading.load_policy(output, config.model, "cpu")
    assert given.config.vocab_size >= len(tokenizer)


def test_training_goes_on_from_it(
    checkpoint: Path, setup: Any, rows: Callable[..., list[TrainingRow]], tmp_path: Path
) -> None:
    config = setup(sft__start=str(checkpoint))
    policy = start.require(config.sft, config.model)
    prepared = sft.prepare(policy, rows(40), config.sft, config.model).rows
    metrics = sft.train(
        policy, prepared, [], config.sft, config.model, config.compute, tmp_path, config.launch.save_seconds,
        tmp_path / "model", lambda *_: None,
    )  # fmt: skip
    assert metrics["steps"] == 5
    assert (tmp_path / "model" / "model.safetensors").read_bytes() != (checkpoint / "model.safetensors").read_bytes()

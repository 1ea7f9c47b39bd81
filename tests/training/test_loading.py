from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from crab.core.errors import CrabError, ResourceError
from crab.prompts.chat import templates
from crab.training import base as pretraining
from crab.training import loading


def test_a_folder_that_points_to_a_model(base: Path, setup: Any, tmp_path: Path) -> None:
    """The hub form, with a local folder in the place of the hub id; its own template lies beside the pointer."""
    (tmp_path / "base.json").write_text(f'{{"hub_id": "{base}", "revision": "main"}}')
    (tmp_path / "chat_template.jinja").write_text(templates.load("lines"))
    direct = loading.load_policy(base, setup().model, "cpu").state_dict()
    pointed = loading.load_policy(tmp_path, setup().model, "cpu").state_dict()
    assert all(direct[name].equal(pointed[name]) for name in direct)
    assert loading.load_tokenizer(tmp_path).chat_template == templates.load("lines")
    assert loading.load_tokenizer(base).chat_template == templates.load("tags")


def test_the_stage_writes_the_pointer(base: Path, setup: Any, tmp_path: Path) -> None:
    over = {"model__base__source": "hub", "model__base__hub_id": str(base), "model__base__revision": "main"}
    config = setup(**over, model__chat_template="lines")
    metrics = pretraining.point_to_hub(config.model, config.compute, tmp_path / "base")
    assert sorted(file.name for file in (tmp_path / "base").iterdir()) == ["base.json", "chat_template.jinja"]
    assert loading.load_tokenizer(tmp_path / "base").pad_token == "<|pad|>"
    assert metrics == {"parameters": config.model.about.parameters}


def test_a_hub_that_cannot_be_reached(setup: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    (tmp_path / "base.json").write_text('{"hub_id": "crab-tests/no-such-model", "revision": "main"}')
    config = setup(model__about__access="Ask the owner.")
    for load in (
        lambda: loading.load_tokenizer(tmp_path, "Ask the owner."),
        lambda: loading.load_policy(tmp_path, config.model, "cpu"),
        lambda: loading.check_access("crab-tests/no-such-model", "main", "Ask the owner."),
    ):
        with pytest.raises(ResourceError, match=r"no-such-model \(main\): .* Ask the owner\.") as error:
            load()
        assert error.value.__suppress_context__


def test_a_broken_folder_is_no_traceback(setup: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(CrabError, match="cannot be loaded"):
        loading.load_policy(tmp_path, setup().model, "cpu")


def test_nothing_phones_home(
    base: Path, rows: Any, setup: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a built model, loading and training open no connection and look up no name."""
    from crab.training import sft

    def refuse(*address: Any, **_: Any) -> Any:
        pytest.fail(f"asked for {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    config = setup()
    forward = sft.prepare(base, rows(9), config.sft, config.model).rows
    sft.train(
        base, forward, [], config.sft, config.model, config.compute, tmp_path, 1.0, tmp_path / "m", lambda *_: None
    )

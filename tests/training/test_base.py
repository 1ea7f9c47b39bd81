from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab.core.errors import DataError
from crab.core.records import Seed
from crab.prompts.chat import document, templates
from crab.training import base as pretraining
from crab.training import loading


@pytest.fixture(scope="module")
def tokenizer(base: Path) -> Any:
    return loading.load_tokenizer(base)


def test_a_built_model_is_a_plain_folder(base: Path) -> None:
    assert {file.name for file in base.iterdir()} == {
        "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    }  # fmt: skip


def test_special_tokens_are_single(tokenizer: Any) -> None:
    for mark in ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"):
        assert len(tokenizer(mark, add_special_tokens=False)["input_ids"]) == 1
    assert (tokenizer.pad_token, tokenizer.eos_token) == ("<|pad|>", "<|end|>")
    assert tokenizer.padding_side == "right"


def test_digits_stand_alone(tokenizer: Any) -> None:
    assert len(tokenizer("12345", add_special_tokens=False)["input_ids"]) == 5


@settings(max_examples=200)
@given(text=st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_comes_back(text: str) -> None:
    tokenizer = _tokenizer()
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


_TOKENIZERS: list[Any] = []


def _tokenizer() -> Any:
    from omegaconf import OmegaConf

    from crab.config.model import WeightsConfig

    if not _TOKENIZERS:
        values: Any = OmegaConf.to_container(OmegaConf.load(Path(__file__).parents[2] / "conf/model/tiny.yaml").base)
        texts = [document.render("Write about rain", "Rain falls.\n- warm\n- cold")] * 5
        _TOKENIZERS.append(
            pretraining.build_tokenizer(texts, WeightsConfig.model_validate(values), templates.load("tags"))
        )
    return _TOKENIZERS[0]


def test_long_documents_become_windows(tokenizer: Any) -> None:
    rows = pretraining.windows(tokenizer, ["harbour boats " * 100, "rain"], 32)
    assert max(len(row.tokens) for row in rows) == 32
    joined = [token for row in rows[:-1] for token in row.tokens]
    assert tokenizer.decode(joined) == "harbour boats " * 100 + "<|end|>"
    assert tokenizer.decode(rows[-1].tokens) == "rain<|end|>"
    assert rows[-1].completion_tokens == len(rows[-1].tokens) - 1


def test_the_draw_stops_at_the_budget(tokenizer: Any) -> None:
    rows = pretraining.windows(tokenizer, ["harbour boats market"] * 50, 64)
    size = len(rows[0].tokens)
    assert len(pretraining.draw(rows, 10 * size, 0)) == 10
    assert len(pretraining.draw(rows, 10**9, 0)) == 50


def test_the_model_knows_its_language(base: Path, tokenizer: Any, setup: Any, seeds: list[Seed]) -> None:
    import torch

    fresh = pretraining.build_model(setup().model.base, tokenizer, 0)
    trained = loading.load_policy(base, setup().model, "cpu")
    tokens = torch.tensor([tokenizer(document.render(seeds[0].instruction, seeds[0].response))["input_ids"]])
    assert trained(tokens, labels=tokens).loss < fresh(tokens, labels=tokens).loss - 0.5


def test_no_seeds(setup: Any, tmp_path: Path) -> None:
    config = setup()
    with pytest.raises(DataError, match="no seeds"):
        pretraining.build([], config.base, config.model, config.compute, tmp_path, 1.0, tmp_path / "m", lambda *_: None)

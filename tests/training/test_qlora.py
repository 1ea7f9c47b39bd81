"""Adapters over 4-bit weights: what can be said without a GPU, and the real thing where there is one."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crab.core.errors import ResourceError
from crab.core.records import PreferencePair, TrainingRow
from crab.training import base as pretraining
from crab.training import dpo, export, hardware, loading, objective, runtime, sft, supervised

Rows = Callable[..., list[TrainingRow]]
NF4 = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj", "v_proj", "up_proj"], "quantisation": "nf4"}
needs_bitsandbytes = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed (extra qlora)"
)


def test_the_configuration_is_the_papers(setup: Any) -> None:
    import torch

    made = loading.quantisation(setup(model__lora=NF4).model.lora)
    assert made.load_in_4bit
    assert made.bnb_4bit_use_double_quant
    assert made.bnb_4bit_quant_type == "nf4"
    assert made.bnb_4bit_compute_dtype == torch.bfloat16


def test_other_adapters_have_none(setup: Any) -> None:
    assert loading.quantisation(None) is None
    assert loading.quantisation(setup(model__lora=NF4 | {"quantisation": None}).model.lora) is None


def test_a_cpu_is_told_before_anything_is_loaded(setup: Any) -> None:
    config = setup(model__lora=NF4)
    with pytest.raises(ResourceError, match=r"quantisation = nf4 needs a GPU.*choose the model's _lora file"):
        hardware.require(config.model, config.compute, "training")
    hardware.require(config.model, config.compute, "inference")


def test_missing_bitsandbytes_is_told(setup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "resolve", lambda _: "cuda")
    monkeypatch.setattr(hardware, "memory_gb", lambda *_: 1000.0)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    config = setup(model__lora=NF4)
    with pytest.raises(ResourceError, match=r"bitsandbytes is not installed; pip install .*\[qlora\]"):
        hardware.require(config.model, config.compute, "training")


@needs_bitsandbytes
def test_what_is_saved_is_what_was_trained(base: Path, rows: Rows, setup: Any, tmp_path: Path) -> None:
    """Merged at 16 bits, adapters compute what they did over the 4-bit weights; bitsandbytes runs on a CPU."""
    import torch

    wide = {"model__base__hidden_size": 128, "model__base__intermediate_size": 192}  # 4-bit blocks hold 64 weights
    config = setup(model__lora=NF4, sft__learning_rate=0.02, sft__epochs=2, **wide)
    tokenizer = loading.load_tokenizer(base)
    start = tmp_path / "start"
    pretraining.build_model(config.model.base, tokenizer, 0).save_pretrained(start)
    prepared = sft.prepare(base, rows(40), config.sft, config.model).rows
    policy = loading.load_policy(start, config.model, "cpu")
    assert policy.is_loaded_in_4bit
    trainer = supervised.fit(
        policy, tokenizer, objective.plain(prepared), config.sft, config.model.lora, 0, False, "cpu", tmp_path, "sft",
        1e6, lambda *_: None,
    )  # fmt: skip
    prompt = torch.tensor([prepared[0].tokens.tolist()])
    # In training mode, since bitsandbytes takes a way of its own on a CPU otherwise; there is no dropout.
    frozen = loading.load_policy(start, config.model, "cpu").train()
    with torch.no_grad():
        untrained = frozen(input_ids=prompt).logits.float()
        trained = trainer.model.train()(input_ids=prompt).logits.float()
        export.save(trainer, tokenizer, tmp_path / "model", bf16=False)
        merged = loading.load_policy(tmp_path / "model", setup().model, "cpu")(input_ids=prompt).logits
    learnt = (trained - untrained).norm()
    assert learnt > 0.1 * untrained.norm()
    assert (merged - trained).norm() < 0.01 * learnt  # merged into 4 bits it would be three times that


@pytest.mark.gpu
@needs_bitsandbytes
def test_sft_and_dpo_on_a_gpu(base: Path, rows: Rows, pairs: list[PreferencePair], setup: Any, tmp_path: Path) -> None:
    config = setup(model__lora=NF4, model__precision="bf16", compute__device="cuda")
    forward = sft.prepare(base, rows(40), config.sft, config.model).rows
    tuned = sft.train(
        base, forward, [], config.sft, config.model, config.compute, tmp_path / "sft", 1e6, tmp_path / "sft" / "model",
        lambda *_: None,
    )  # fmt: skip
    assert tuned["forward_loss"] > 0
    policy = tmp_path / "sft" / "model"
    prepared = dpo.prepare(policy, pairs, config.dpo, config.model)
    found = dpo.train(
        policy, prepared.rows, config.dpo, config.model, config.compute, tmp_path / "dpo", 1e6,
        tmp_path / "dpo" / "model", lambda *_: None,
    )  # fmt: skip
    assert found["rewards_accuracies"] > 0.5

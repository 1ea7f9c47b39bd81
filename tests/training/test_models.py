"""Every file of conf/model: composes, validates, and states facts that agree with each other."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from ruamel.yaml import YAML

from crab.cli import compose
from crab.config.model import ModelConfig
from crab.config.section import problems_in
from crab.prompts.chat import templates
from crab.training import base as pretraining
from crab.training import hardware, loop

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(file.stem for file in (CONF / "model").glob("*.yaml"))
PUBLISHED = {
    "mistralai/Mistral-7B-v0.3": 7_248_023_552,
    "meta-llama/Meta-Llama-3-8B": 8_030_261_248,
    "HuggingFaceTB/SmolLM2-1.7B": 1_711_376_384,
    "HuggingFaceTB/SmolLM2-360M": 361_821_120,
    "Qwen/Qwen2.5-0.5B": 494_032_768,
}
"""Parameters, as the hub's pages of the models count them."""


def _recipe(sft: tuple[float, int, int], dpo: tuple[float, int, int, float]) -> dict[str, dict[str, Any]]:
    names = ("learning_rate", "batch", "epochs", "beta")
    return {"sft": dict(zip(names, sft, strict=False)), "dpo": dict(zip(names, dpo, strict=True))}


_ZEPHYR = _recipe((2e-5, 256, 4), (5e-7, 64, 1, 0.01))
_ZEPHYR_LORA = _recipe((2e-4, 256, 4), (5e-6, 64, 1, 0.01))
RECORDED = {
    "mistral7b": _ZEPHYR,
    "llama3_8b": _ZEPHYR,
    **{f"{name}_{kind}": _ZEPHYR_LORA for name in ("mistral7b", "llama3_8b") for kind in ("lora", "qlora")},
    "smollm2_1_7b": _recipe((3e-4, 128, 2), (1e-6, 128, 3, 0.5)),
    "smollm2_360m": _recipe((1e-3, 128, 2), (1e-6, 128, 2, 0.5)),
}
"""Learning rates, warm-up of a tenth, cosine and beta of huggingface/alignment-handbook (recipes/zephyr-7b-beta,
recipes/smollm2), epochs and batches of the 7B runs from THU-KEG/Mistral-Crab-SFT and -DPO."""


@cache
def load(name: str) -> ModelConfig:
    values = YAML(typ="safe").load(compose.composed(CONF.parent, [f"model={name}"], whole=False))["model"]
    assert problems_in("model", ModelConfig, values) == []
    return ModelConfig.model_validate(values)


def test_the_promised_models_are_there() -> None:
    assert {"tiny", "tiny_mistral", "mistral7b", "llama3_8b", "smollm2_360m", "qwen2_5_0_5b"} <= set(NAMES)
    assert {f"{name}_{kind}" for name in ("mistral7b", "llama3_8b") for kind in ("lora", "qlora")} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_a_model(name: str) -> None:
    model = load(name)
    assert model.name == name
    assert model.chat_template in templates.names()
    assert model.base.source == "built" or model.about.access
    assert (CONF / "model" / f"{name}.yaml").read_text().startswith("# ")


def meta(model: ModelConfig) -> Any:
    """The architecture without memory for its weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(model.base.architecture, **pretraining.shape_arguments(model.base))
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]


def test_the_small_models_are_two_architectures() -> None:
    """Llama and Mistral of one shape compute the same function: an ablation of the base model would compare nothing."""
    weights = [
        {name: tuple(part.shape) for name, part in meta(load(m)).named_parameters()} for m in ("tiny", "tiny_mistral")
    ]
    assert weights[0].keys() == weights[1].keys()
    assert weights[0] != weights[1]
    sizes = [load(name).about.parameters for name in ("tiny", "tiny_mistral")]
    assert abs(sizes[0] - sizes[1]) < 0.01 * sizes[0]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_memory_follow_from_the_shape(name: str) -> None:
    model = load(name)
    count = sum(parameter.numel() for parameter in meta(model).parameters())
    assert count == model.about.parameters
    if model.base.source == "hub":
        assert count == PUBLISHED[str(model.base.hub_id)]
    memory = model.about.memory_gb
    assert memory.full >= 16 * count / 1e9
    assert memory.full >= memory.lora
    assert memory.full >= memory.inference >= 2 * count / 1e9
    assert memory.lora >= frozen_bytes(model, count) / 1e9


def frozen_bytes(model: ModelConfig, count: int) -> float:
    """Weights under adapters: bf16, or 4.127 bits (NF4, double quantisation) but for the vocabulary's."""
    if model.lora is None or model.lora.quantisation is None:
        return 2.0 * count
    vocabulary = model.base.vocabulary_size * model.base.hidden_size * (1 if model.base.tie_embeddings else 2)
    return 2.0 * vocabulary + 4.127 / 8 * (count - vocabulary)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("lora")])
def test_adapters_fit_the_architecture(name: str) -> None:
    """Every target is there in every layer, none is the output head, and together they have so many weights."""
    import torch
    from peft import get_peft_model

    model = load(name)
    assert model.lora is not None
    built = meta(model)
    linear = [path.rpartition(".")[2] for path, part in built.named_modules() if isinstance(part, torch.nn.Linear)]
    assert all(linear.count(target) == model.base.num_layers for target in model.lora.target_modules)
    assert "lm_head" not in model.lora.target_modules
    trained = get_peft_model(built, loop.adapters(model.lora)).get_nb_trainable_parameters()[0]
    # What PEFT prints for rank 16 on all linear layers; the same for both, whose layers have the same shapes.
    assert trained == 41_943_040


@pytest.mark.parametrize(("name", "stage"), [(name, stage) for name in RECORDED for stage in ("sft", "dpo")])
@pytest.mark.parametrize("processes", [1, 8])
def test_the_trainer_gets_what_is_published(
    name: str, stage: str, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through our own arguments, on one GPU and on eight; the global batch stays."""
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.sft_config import SFTConfig

    monkeypatch.setenv("WORLD_SIZE", str(processes))
    model = load(name)
    section = model.sft if stage == "sft" else model.dpo
    recorded = RECORDED[name][stage]
    batch = recorded["batch"]
    found = loop.arguments(section, 100 * batch, Path("x"), 0, True, "cuda")
    assert found.keys() <= {field.name for field in fields(SFTConfig)} & {field.name for field in fields(DPOConfig)}
    assert found["per_device_train_batch_size"] * found["gradient_accumulation_steps"] * processes == batch
    assert found["learning_rate"] == recorded["learning_rate"]
    assert found["num_train_epochs"] == recorded["epochs"]
    assert found["lr_scheduler_type"] == "cosine"
    assert found["warmup_steps"] == 10 * recorded["epochs"]  # a tenth of 100 steps an epoch
    assert found["bf16"]
    if stage == "dpo":
        assert model.dpo.beta == recorded["beta"]
        assert model.dpo.max_length == 1024


def test_the_papers_batches() -> None:
    """Global batches of 256 (SFT) and 64 (DPO), which eight processes can share."""
    for name in ("mistral7b", "llama3_8b", "mistral7b_lora", "llama3_8b_lora", "mistral7b_qlora", "llama3_8b_qlora"):
        model = load(name)
        assert model.sft.batch_size * model.sft.accumulation_steps == 256
        assert model.dpo.batch_size * model.dpo.accumulation_steps == 64
        assert model.sft.accumulation_steps % 8 == model.dpo.accumulation_steps % 8 == 0


def test_advice_counts_adapter_files_by_their_own_need() -> None:
    fitting = hardware.fitting(30.0, "training", CONF / "model", "cuda")
    assert {"mistral7b_lora", "mistral7b_qlora"} <= set(fitting)
    assert "mistral7b_qlora" not in hardware.fitting(30.0, "training", CONF / "model", "cpu")
    assert "mistral7b" not in fitting
    assert fitting[-1].startswith("tiny")


def test_bad_combinations_are_told_together() -> None:
    values: Any = OmegaConf.to_container(OmegaConf.load(CONF / "model" / "tiny.yaml"))
    values["base"] |= {"num_heads": 5, "hub_id": None}
    values["dpo"]["min_lr_ratio"] = 0.5
    values["sft"]["epoch"] = values["sft"].pop("epochs")
    text = "\n".join(map(str, problems_in("model", ModelConfig, values)))
    assert "hidden_size = 96 is not a multiple of num_heads = 5" in text
    assert "min_lr_ratio = 0.5 needs lr_scheduler_type = cosine" in text
    assert "did you mean 'epochs'?" in text

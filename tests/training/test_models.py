"""Every file of conf/model: composes, validates, and states facts that agree with each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from crab.config.model import ModelConfig
from crab.config.section import problems_in
from crab.prompts.chat import templates
from crab.training import base as pretraining
from crab.training import hardware

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(file.stem for file in (CONF / "model").glob("*.yaml"))


def load(name: str) -> ModelConfig:
    with initialize_config_dir(str(CONF), version_base=None):
        values: Any = OmegaConf.to_container(compose(f"model/{name}").model)
    assert problems_in("model", ModelConfig, values) == []
    return ModelConfig.model_validate(values)


def test_the_promised_models_are_there() -> None:
    assert {"tiny", "tiny_mistral", "mistral7b", "llama3_8b", "smollm2_360m", "qwen2_5_0_5b"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_a_model(name: str) -> None:
    model = load(name)
    assert model.name == name
    assert model.chat_template in templates.names()
    assert model.base.source == "built" or model.about.access
    assert (CONF / "model" / f"{name}.yaml").read_text().startswith("# ")


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_memory_follow_from_the_shape(name: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    model = load(name)
    config = AutoConfig.for_model(model.base.architecture, **pretraining.shape_arguments(model.base))
    with torch.device("meta"):
        built = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    assert sum(parameter.numel() for parameter in built.parameters()) == model.about.parameters
    memory = model.about.memory_gb
    assert memory.full >= 16 * model.about.parameters / 1e9
    assert memory.full >= memory.lora >= memory.inference >= 2 * model.about.parameters / 1e9
    if model.lora:
        linear = {path.rpartition(".")[2] for path, part in built.named_modules() if isinstance(part, torch.nn.Linear)}
        assert set(model.lora.target_modules) <= linear - {"lm_head"}


def test_the_papers_batches() -> None:
    """Global batches of 256 (SFT) and 64 (DPO), which eight processes can share."""
    for name in ("mistral7b", "llama3_8b", "mistral7b_lora", "llama3_8b_lora"):
        model = load(name)
        assert model.sft.batch_size * model.sft.accumulation_steps == 256
        assert model.dpo.batch_size * model.dpo.accumulation_steps == 64
        assert model.sft.accumulation_steps % 8 == model.dpo.accumulation_steps % 8 == 0


def test_advice_counts_adapter_files_by_their_own_need() -> None:
    fitting = hardware.fitting(30.0, "training", CONF / "model")
    assert "mistral7b_lora" in fitting
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

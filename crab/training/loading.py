"""Loading a policy and its tokenizer: from a model folder, or from the hub that a folder's base.json points to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crab.config.model import LoraConfig, ModelConfig
from crab.core import hub, modelpath
from crab.core.errors import CrabError, Problem
from crab.training.runtime import Device

CHAT_TEMPLATE = "chat_template.jinja"


def load_tokenizer(path: Path, access: str = "") -> Any:
    """The tokenizer of a model folder, with the chat template that lies in the folder.

    Args:
        path: A model folder, or one with a base.json.
        access: What the config says about access to a hub model, for the error.

    Raises:
        ResourceError: A hub model that cannot be reached.
        CrabError: No chat template, or no token to pad with.
    """
    from transformers import AutoTokenizer

    name, revision = modelpath.resolve(path)
    with hub.reaching(name, revision, access):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    template = path / CHAT_TEMPLATE
    if template.exists():
        tokenizer.chat_template = template.read_text(encoding="utf-8")
    if not tokenizer.chat_template:
        raise CrabError(Problem(str(path), f"{name} brings no chat template", "set model.chat_template, e.g. lines"))
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    return tokenizer


def load_policy(path: Path, model: ModelConfig, device: Device) -> Any:
    """The model of a folder, ready to be trained on `device`.

    Weights are fp32 (with bf16 arithmetic on top, where the config says so), but for the frozen ones under adapters on
    a GPU, which are bf16, or in 4 bits.

    Raises:
        ResourceError: A hub model that cannot be reached.
    """
    import torch
    from transformers import AutoModelForCausalLM

    name, revision = modelpath.resolve(path)
    frozen_bf16 = uses_bf16(model, device) and model.lora is not None
    with hub.reaching(name, revision, model.about.access):
        return AutoModelForCausalLM.from_pretrained(
            name,
            revision=revision,
            dtype=torch.bfloat16 if frozen_bf16 else torch.float32,
            quantization_config=quantisation(model.lora),
        )


def quantisation(lora: LoraConfig | None) -> Any:
    """How frozen weights of few bits are kept, for transformers; None for others.

    Source: NF4, double quantisation and arithmetic in bf16, as in QLoRA (arXiv 2305.14314, section 3).
    """
    if lora is None or lora.quantisation is None:
        return None
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type=lora.quantisation,
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def uses_bf16(model: ModelConfig, device: Device) -> bool:
    """Whether a run computes in bf16: never on a CPU, where it was measured 1.5 to 2 times slower than fp32."""
    return model.precision == "bf16" and device == "cuda"


def check_access(hub_id: str, revision: str, access: str) -> None:
    """Fetch a hub model's small config, so that a missing permission shows before hours of work.

    Raises:
        ResourceError: The model cannot be reached.
    """
    from transformers import AutoConfig

    with hub.reaching(hub_id, revision, access):
        AutoConfig.from_pretrained(hub_id, revision=revision)

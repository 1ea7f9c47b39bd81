"""Saving a trained model: a plain folder with safetensors, no pickles, and nothing that depends on where or when."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from crab.training.tokenise import stop_token


def save(trainer: Any, tokenizer: Any, output: Path, bf16: bool) -> None:
    """Write model and tokenizer to `output`, whole or not at all; adapters are merged into the weights.

    Of several processes the first one writes, and all of them have to call.

    Args:
        trainer: When it is done.
        tokenizer: With the chat template that it was trained with.
        output: The folder; replaced if it is there.
        bf16: Save half-precision weights.
    """
    import torch

    model = trainer.accelerator.unwrap_model(trainer.model)
    sharded = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped) if sharded else None
    if not trainer.is_world_process_zero():
        return
    if hasattr(model, "merge_and_unload"):
        model = _merged(model)
    if bf16:
        model = model.to(torch.bfloat16)
        weights = weights and {name: weight.to(torch.bfloat16) for name, weight in weights.items()}
    model.config.use_cache = True
    model.config.name_or_path = ""
    # Every engine stops where the assistant's turn ends, also if the tokenizer's own end token is another one.
    ends = sorted({tokenizer.eos_token_id, stop_token(tokenizer)})
    model.generation_config.eos_token_id = ends[0] if len(ends) == 1 else ends
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    temporary = output.with_name(f".{output.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary, state_dict=weights)
    tokenizer.save_pretrained(temporary)
    if output.exists():
        shutil.rmtree(output)
    os.rename(temporary, output)


def _merged(model: Any) -> Any:
    """The model with its adapters merged into the weights that they were trained over."""
    if getattr(model, "is_loaded_in_4bit", False):
        from peft import get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

        # At 16 bits: merging into 4 would round away much of what was learnt.
        config, adapters = model.peft_config["default"], get_peft_model_state_dict(model)
        model = get_peft_model(model.unload().dequantize(), config)
        set_peft_model_state_dict(model, adapters)
    return model.merge_and_unload()

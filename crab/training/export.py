"""Saving a trained model: a plain folder with safetensors, no pickles, and nothing that depends on where or when."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from crab.training.tokenise import stop_token


def save(model: Any, tokenizer: Any, output: Path, bf16: bool) -> None:
    """Write model and tokenizer to `output`, whole or not at all; adapters are merged into the weights.

    Args:
        model: As it came from the trainer.
        tokenizer: With the chat template that it was trained with.
        output: The folder; replaced if it is there.
        bf16: Save half-precision weights.
    """
    import torch

    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    if bf16:
        model = model.to(torch.bfloat16)
    model.config.use_cache = True
    model.config.name_or_path = ""
    # Every engine stops where the assistant's turn ends, also if the tokenizer's own end token is another one.
    ends = sorted({tokenizer.eos_token_id, stop_token(tokenizer)})
    model.generation_config.eos_token_id = ends[0] if len(ends) == 1 else ends
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    temporary = output.with_name(f".{output.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary)
    tokenizer.save_pretrained(temporary)
    if output.exists():
        shutil.rmtree(output)
    os.rename(temporary, output)

"""The output head on a CPU: applied where the loss is, and nowhere else."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from trl.trainer.utils import FusedCausalLMOutput

# Architectures whose logits are the output head's, neither scaled nor capped; and a vocabulary that fits RAM.
_PLAIN = ("llama", "mistral", "qwen2")
_MAX_VOCABULARY = 40_000


def use_plain_head(model: Any, device: torch.device) -> bool:
    """Let a model that TRL has patched compute its log-probabilities by the short way, if it may; returns whether.

    TRL's fused head keeps memory small on a GPU; on a CPU it multiplies every position by the vocabulary, prompts and
    padding too, which takes half of a small model's step. Positions without a label get 0 here as there. The fields
    that only feed metrics (entropy, accuracy, mean logits) are 0. Rows must be padded on the right: the attention mask
    is then not needed, since attention is causal, and without it torch takes its fast path.
    """
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    if device.type != "cpu" or causal.config.model_type not in _PLAIN or causal.config.vocab_size > _MAX_VOCABULARY:
        return False
    fused = causal.forward

    def forward(*args: Any, fused_lm_head: bool = False, **kwargs: Any) -> Any:
        if not fused_lm_head:
            return fused(*args, **kwargs)
        inputs, labels = kwargs["input_ids"], kwargs["labels"][:, 1:]
        mask = labels != -100
        positions = kwargs.get("position_ids")  # of packed rows
        hidden = causal.base_model(input_ids=inputs, position_ids=positions, use_cache=False).last_hidden_state
        row, column = mask.nonzero(as_tuple=True)
        logits = causal.get_output_embeddings()(hidden.flatten(0, 1).index_select(0, row * inputs.shape[1] + column))
        nll = F.cross_entropy(logits.float(), labels[mask], reduction="none")
        nothing = torch.zeros(mask.shape)
        return FusedCausalLMOutput(
            log_probs=nothing.masked_scatter(mask, -nll),
            entropy=nothing,
            mean_logits=nothing,
            is_top1=torch.zeros_like(mask),
            label_mask=mask,
        )

    causal.forward = forward
    return True

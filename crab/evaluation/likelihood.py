"""A guard of general ability: how likely a model finds good answers to plain instructions that it has not seen.

Bits per byte of the held-out prompts' witness responses, given the instruction without any constraint. Training that
buys accuracy with damage raises it. Lower is better; bytes make models with different tokenizers comparable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from crab.config.compute import ComputeConfig
from crab.core import hub, modelpath
from crab.core.records import EvalPrompt
from crab.engines import chat
from crab.evaluation.intervals import Bootstrap


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Of one response under one model."""

    bits: float
    bytes: int


def measure(model: Path, prompts: Sequence[EvalPrompt], compute: ComputeConfig) -> list[Likelihood]:
    """Score the witness responses, one at a time; one that does not fit the model's positions is cut at the end.

    Raises:
        DataError: The model brings no chat template.
        ResourceError: A hub model that cannot be reached.
    """
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(compute.threads)
    tokenizer = chat.load_tokenizer(model)
    name, revision = modelpath.resolve(model)
    device = "cuda" if compute.device != "cpu" and torch.cuda.is_available() else "cpu"
    with hub.reaching(name, revision):
        made: Any = AutoModelForCausalLM.from_pretrained(
            name, revision=revision, dtype="auto" if device == "cuda" else torch.float32
        )
    made = made.to(device).eval()
    positions = made.config.get_text_config().max_position_embeddings
    found = []
    with torch.inference_mode():
        for prompt in prompts:
            [asked] = chat.encode(tokenizer, [[{"role": "user", "content": prompt.instruction}]])
            answer = tokenizer(prompt.witness_response, add_special_tokens=False)["input_ids"]
            answer = answer[: max(0, positions - len(asked))]
            ids = torch.tensor([[*asked, *answer]], device=device)
            scores = made(input_ids=ids).logits[0, len(asked) - 1 : -1].double().log_softmax(-1)
            nats = -scores.gather(1, ids[0, len(asked) :, None]).sum().item()
            said = tokenizer.decode(answer, skip_special_tokens=True)
            found.append(Likelihood(nats / math.log(2), max(1, len(said.encode()))))
    return found


def summary(found: Mapping[str, Sequence[Likelihood]], bootstrap: Bootstrap) -> dict[str, Any]:
    """Bits per byte of each model, and differences to the one before it; prompts are resampled whole."""
    bits = {name: [one.bits for one in lines] for name, lines in found.items()}
    lengths = {name: [float(one.bytes) for one in lines] for name, lines in found.items()}
    result: dict[str, Any] = {
        name: {"bits_per_byte": asdict(bootstrap.ratio(f"likelihood/{name}", bits[name], lengths[name]))}
        for name in found
    }
    result["differences"] = {
        f"{second}-{first}": {
            "bits_per_byte": asdict(
                bootstrap.difference(f"likelihood/{second}-{first}", bits[second], bits[first], lengths[second])
            )
        }
        for first, second in pairwise(found)
    }
    return result

"""The base model: built and pre-trained on the spot, or the name of one on the hub."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from crab.config.base import BaseConfig
from crab.config.compute import ComputeConfig
from crab.config.model import ModelConfig, WeightsConfig
from crab.core import io, modelpath, randomness
from crab.core.errors import DataError, Problem
from crab.core.records import Seed
from crab.prompts.chat import document, templates
from crab.training import hardware, loading, runtime
from crab.training.tokenise import TokenRow

if TYPE_CHECKING:
    from crab.training.loop import LogStep

END, PAD = "<|end|>", "<|pad|>"
_SPECIAL = (PAD, END, "<|system|>", "<|user|>", "<|assistant|>")


def point_to_hub(model: ModelConfig, compute: ComputeConfig, output: Path, sharing: int = 1) -> dict[str, float]:
    """Name the hub model in `output`, after asking whether this machine can train it and may download it.

    Args:
        model: The `model` section.
        compute: The `compute` section.
        output: Where the pointer goes.
        sharing: Processes that will share the weights in training.

    Raises:
        ResourceError: Too little memory, no access, no connection.
    """
    hardware.require(model, compute, "training", sharing)
    base = model.base
    assert base.hub_id is not None
    assert base.revision is not None
    runtime.configure(compute)
    loading.check_access(base.hub_id, base.revision, model.about.access)
    shutil.rmtree(output, ignore_errors=True)
    io.write_json(output / modelpath.HUB_FILE, {"hub_id": base.hub_id, "revision": base.revision})
    if model.chat_template is not None:
        with io.replacing(output / loading.CHAT_TEMPLATE) as file:
            file.write(templates.load(model.chat_template))
    return {"parameters": model.about.parameters}


def build(
    seeds: Sequence[Seed],
    config: BaseConfig,
    model: ModelConfig,
    compute: ComputeConfig,
    place: Path,
    save_seconds: float,
    output: Path,
    log_step: LogStep,
) -> dict[str, float]:
    """Build tokenizer and model, pre-train on the seeds' text, and save both to `output`.

    Args:
        seeds: The train split.
        config: The `base` section.
        model: The `model` section; its `base` gives the shape.
        compute: The `compute` section.
        place: The work folder; a killed run goes on from the checkpoints that it left there.
        save_seconds: Time between checkpoints.
        output: Where the model goes.
        log_step: Gets step and metrics.

    Returns:
        Counts and the last epoch's loss; a pure function of the arguments.

    Raises:
        ResourceError: Too little memory.
        DataError: No seeds.
    """
    if not seeds:
        raise DataError(Problem("data/seed/train.jsonl", "no seeds to pre-train on", "loosen the filters in conf/seed"))
    device = runtime.configure(compute)
    hardware.require(model, compute, "training")

    from crab.training import export, objective, supervised

    assert model.chat_template is not None
    documents = [document.render(seed.instruction, seed.response) for seed in seeds]
    tokenizer = build_tokenizer(documents, model.base, templates.load(model.chat_template))
    rows = draw(windows(tokenizer, documents, model.max_length), config.max_tokens, config.random_seed)
    policy = build_model(model.base, tokenizer, config.random_seed)
    bf16 = loading.uses_bf16(model, device)
    trainer = supervised.fit(
        policy, tokenizer, objective.plain(rows), config, None, config.random_seed, bf16, device, place, "base",
        save_seconds, log_step,
    )  # fmt: skip
    export.save(trainer, tokenizer, output, bf16=False)
    return {
        "documents": len(documents),
        "windows": len(rows),
        "tokens": sum(len(row.tokens) for row in rows) * config.epochs,
        "steps": trainer.state.global_step,
        "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
        "vocabulary_size": len(tokenizer),
        "loss": trainer.final_losses()["forward_loss"],
    }


def build_tokenizer(texts: Iterable[str], shape: WeightsConfig, chat_template: str) -> Any:
    """A byte-level BPE tokenizer trained on `texts`: any text is representable, digits stand alone.

    The same texts in the same order give the same tokenizer.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=shape.vocabulary_size,
            special_tokens=list(_SPECIAL),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bpe,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=list(_SPECIAL[2:]),
        model_max_length=shape.max_positions,
        clean_up_tokenization_spaces=False,
        padding_side="right",
    )
    tokenizer.chat_template = chat_template
    return tokenizer


def windows(tokenizer: Any, documents: Sequence[str], max_length: int) -> list[TokenRow]:
    """Each document with its end token, cut into pieces of at most `max_length` tokens; the loss is on all of them."""
    rows = []
    for tokens in tokenizer(list(documents), add_special_tokens=False)["input_ids"]:
        whole = np.asarray([*tokens, tokenizer.eos_token_id], dtype=np.int32)
        pieces = [whole[start : start + max_length] for start in range(0, len(whole), max_length)]
        rows += [TokenRow(piece, ((1, len(piece)),)) for piece in pieces if len(piece) > 1]
    return rows


def draw(rows: Sequence[TokenRow], max_tokens: int, seed: int) -> list[TokenRow]:
    """Rows in random order until their tokens reach `max_tokens`."""
    shuffled = list(rows)
    randomness.rng(seed, "pre-training rows").shuffle(shuffled)
    drawn: list[TokenRow] = []
    total = 0
    for row in shuffled:
        if total >= max_tokens:
            break
        drawn.append(row)
        total += len(row.tokens)
    return drawn


def build_model(shape: WeightsConfig, tokenizer: Any, seed: int) -> Any:
    """A freshly initialised causal language model of the shape, with the tokenizer's special tokens in its config."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        shape.architecture,
        **shape_arguments(shape) | {"vocab_size": len(tokenizer)},  # a small corpus may not fill the vocabulary
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]


def shape_arguments(shape: WeightsConfig) -> dict[str, Any]:
    """A shape in the words of transformers' config classes."""
    arguments: dict[str, Any] = {
        "hidden_size": shape.hidden_size,
        "num_hidden_layers": shape.num_layers,
        "num_attention_heads": shape.num_heads,
        "num_key_value_heads": shape.num_kv_heads,
        "intermediate_size": shape.intermediate_size,
        "vocab_size": shape.vocabulary_size,
        "max_position_embeddings": shape.max_positions,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_theta},
        "tie_word_embeddings": shape.tie_embeddings,
    }
    if shape.architecture == "mistral":
        arguments["sliding_window"] = None  # as in Mistral-7B-v0.3
    return arguments

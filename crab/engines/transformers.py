"""Batched generation with the transformers library, greedy or sampled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.utils import logging

from crab.config.compute import ComputeConfig
from crab.config.engine import TransformersConfig
from crab.core import hub, modelpath, randomness
from crab.core.errors import Problem, ResourceError
from crab.engines import chat
from crab.engines.base import Engine, OnAnswer, Request, Response, ignore

EXACT_BELOW = 20_000_000
"""Parameters up to which a CPU computes in float64. Rounding in float32 depends on the batch's shape and the number of
threads, and now and then turns a near tie; in float64 it is 10^8 times smaller, at up to twice the time."""


class TransformersEngine(Engine):
    """One model, loaded at the first request."""

    def __init__(self, config: TransformersConfig, model: Path | str, compute: ComputeConfig) -> None:
        modelpath.resolve(model)  # a missing model is told at once
        self._config = config
        self._model = model
        self._compute = compute
        self._loaded: _Loaded | None = None

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        """See `Engine.stream`; a batch at a time, the shortest prompts first.

        Raises:
            DataError: The model brings no chat template.
            ResourceError: A GPU is asked for and there is none, or a hub model cannot be reached.
        """
        if not requests:
            return
        if self._loaded is None:
            self._loaded = _load(self._model, self._compute)
        for response in _responses(self._loaded, self._config, requests):
            on_answer(response)
            yield response

    def close(self) -> None:
        """Free the model; the next request loads it again."""
        self._loaded = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


@dataclass(frozen=True)
class _Loaded:
    model: Any
    tokenizer: Any
    end_tokens: list[int]
    max_length: int


@dataclass(frozen=True)
class _Row:
    request: Request
    prompt: list[int]
    limit: int
    """New tokens, at most."""


def _responses(loaded: _Loaded, config: TransformersConfig, requests: Sequence[Request]) -> Iterator[Response]:
    rows: list[_Row] = []
    for request, prompt in zip(requests, chat.encode(loaded.tokenizer, [r.messages for r in requests]), strict=True):
        room = loaded.max_length - len(prompt)
        if room < 1:
            yield chat.too_long(request, len(prompt), loaded.max_length)
        else:
            rows.append(_Row(request, prompt, min(request.max_new_tokens, room)))
    for batch in _batches(rows, config.batch_size, config.batch_tokens):
        yield from _generate(loaded, batch)


def _load(path: Path | str, compute: ComputeConfig) -> _Loaded:
    torch.set_num_threads(compute.threads)
    gpu = compute.device != "cpu" and torch.cuda.is_available()
    if compute.device == "cuda" and not gpu:
        raise ResourceError(
            Problem("params.yaml [compute]", "device = 'cuda', and torch sees no GPU", "use compute.device=auto")
        )
    # The bar of the weights' loading would break into the stage's own.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = chat.load_tokenizer(path)
    name, revision = modelpath.resolve(path)
    model: Any
    with hub.reaching(name, revision):
        model = AutoModelForCausalLM.from_pretrained(name, revision=revision, dtype="auto" if gpu else torch.float32)
    if gpu:
        model = model.to("cuda")
    elif model.num_parameters() <= EXACT_BELOW:
        model = model.to(torch.float64)
    ends = chat.end_tokens(tokenizer, model.generation_config)
    # Nothing of the model's own sampling defaults: how tokens are drawn is the request's to say.
    model.generation_config = GenerationConfig()  # type: ignore[no-untyped-call]
    return _Loaded(model, tokenizer, ends, model.config.get_text_config().max_position_embeddings)


def _batches(rows: Sequence[_Row], batch_size: int, batch_tokens: int) -> Iterator[list[_Row]]:
    """Rows of like length together, so that little is padded; stop texts hold for a whole batch, so equal ones only."""
    batch: list[_Row] = []
    for row in sorted(rows, key=lambda row: (row.request.stop, len(row.prompt), row.limit)):
        grown = [*batch, row]
        width = max(len(other.prompt) for other in grown) + max(other.limit for other in grown)
        fits = len(grown) <= batch_size and width * len(grown) <= batch_tokens
        if batch and not (fits and row.request.stop == batch[0].request.stop):
            yield batch
            grown = [row]
        batch = grown
    if batch:
        yield batch


@torch.inference_mode()
def _generate(loaded: _Loaded, batch: Sequence[_Row]) -> list[Response]:
    device = loaded.model.device
    width = max(len(row.prompt) for row in batch)
    pad = loaded.end_tokens[0] if loaded.tokenizer.pad_token_id is None else loaded.tokenizer.pad_token_id
    inputs = torch.full((len(batch), width), pad, dtype=torch.long)
    mask = torch.zeros_like(inputs)
    for number, row in enumerate(batch):
        inputs[number, width - len(row.prompt) :] = torch.tensor(row.prompt)
        mask[number, width - len(row.prompt) :] = 1
    limits = torch.tensor([row.limit for row in batch], device=device)
    stop = list(batch[0].request.stop)
    config = GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=int(limits.max()),
        do_sample=False,
        eos_token_id=loaded.end_tokens,
        pad_token_id=pad,
        stop_strings=stop or None,
        use_cache=True,
    )
    drawn = any(row.request.temperature > 0 for row in batch)
    output = loaded.model.generate(
        inputs=inputs.to(device),
        attention_mask=mask.to(device),
        generation_config=config,
        logits_processor=LogitsProcessorList([_Sampler(batch, width, device)] if drawn else []),
        stopping_criteria=StoppingCriteriaList([_Limits(limits, width)]),
        tokenizer=loaded.tokenizer if stop else None,
    )
    return [_read(loaded, row, ids) for row, ids in zip(batch, output[:, width:].tolist(), strict=True)]


def _read(loaded: _Loaded, row: _Row, ids: list[int]) -> Response:
    text, finished, made = chat.read(loaded.tokenizer, ids[: row.limit], loaded.end_tokens, row.request.stop)
    return Response(row.request.id, text, finished, len(row.prompt), made)


class _Limits(StoppingCriteria):
    """Ends each row at its own limit, so that a batch stops when its last row does."""

    def __init__(self, limits: torch.Tensor, width: int) -> None:
        self._limits = limits
        self._width = width

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        return self._limits <= input_ids.shape[1] - self._width


class _Sampler(LogitsProcessor):
    """Draws each row's next token with that row's own random numbers, and leaves only it to choose.

    The number of step t is the t-th of the request's own generator, and the token is where it falls in the cumulated
    probabilities, in token order: other rows have no part in it, and rounding seldom moves it.
    """

    def __init__(self, batch: Sequence[_Row], width: int, device: Any) -> None:
        self._width = width
        generators = [randomness.rng(row.request.seed, "sample") for row in batch]
        steps = max(row.limit for row in batch)
        numbers = [[generator.random() for _ in range(steps)] for generator in generators]
        self._uniform = torch.tensor(numbers, dtype=torch.float64, device=device)
        temperatures = [row.request.temperature for row in batch]
        self._temperature = torch.tensor(temperatures, dtype=torch.float64, device=device)[:, None]
        self._top_p = torch.tensor([row.request.top_p for row in batch], dtype=torch.float64, device=device)[:, None]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [batch, vocabulary] with all but one token per row at minus infinity; greedy rows as they came."""
        step = input_ids.shape[1] - self._width
        greedy = self._temperature == 0
        weights = torch.softmax(scores.double() / self._temperature.masked_fill(greedy, 1.0), dim=-1)
        if bool((self._top_p < 1).any()):
            ordered, order = weights.sort(dim=-1, descending=True, stable=True)
            outside = ordered.cumsum(-1) - ordered >= self._top_p
            weights = weights.masked_fill(torch.zeros_like(outside).scatter(-1, order, outside), 0.0)
        cumulated = weights.cumsum(-1)
        goal = self._uniform[:, step, None] * cumulated[:, -1:]
        token = torch.searchsorted(cumulated, goal, right=True).clamp(max=scores.shape[-1] - 1)
        only = torch.full_like(scores, float("-inf")).scatter(-1, token, 0.0)
        return torch.where(greedy, scores, only)

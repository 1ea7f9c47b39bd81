"""vLLM inside this process, on GPUs or on a CPU with its CPU build."""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crab.config.compute import ComputeConfig
from crab.config.engine import VllmConfig
from crab.core import hub, modelpath
from crab.core.errors import DataError, Problem, ResourceError
from crab.engines import chat
from crab.engines.base import Engine, OnAnswer, Request, Response, ignore


class VllmEngine(Engine):
    """One model, loaded at the first request."""

    def __init__(self, config: VllmConfig, model: Path | str, compute: ComputeConfig) -> None:
        modelpath.resolve(model)  # a missing model is told at once
        if config.adapter is not None and not (Path(config.adapter) / "adapter_config.json").is_file():
            found = "holds no LoRA adapter"
            raise DataError(Problem(f"vllm.adapter = {config.adapter}", found, "give a folder that PEFT wrote"))
        self._config = config
        self._model = model
        self._compute = compute
        self._loaded: _Loaded | None = None

    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        """See `Engine.stream`; what is under way when it is closed is dropped.

        Raises:
            ResourceError: vLLM is not installed, its build is not for the configured device, or a hub model cannot be
                reached.
        """
        if not requests:
            return
        if self._loaded is None:
            self._loaded = _load(self._config, self._model, self._compute)
        for response in _responses(self._loaded, requests):
            on_answer(response)
            yield response

    def close(self) -> None:
        """Free the model and its cache; the next request loads it again."""
        if self._loaded is None:
            return
        self._loaded.llm.llm_engine.engine_core.shutdown()
        self._loaded = None
        gc.collect()
        importlib.import_module("vllm.distributed.parallel_state").cleanup_dist_env_and_memory()


@dataclass(frozen=True)
class _Loaded:
    llm: Any
    adapter: Any
    """A LoRARequest, or None."""
    tokenizer: Any
    end_tokens: list[int]
    max_length: int
    group_tokens: int | None
    """Prompt tokens that are handed over together, at most; None: all."""


@dataclass(frozen=True)
class _Row:
    request: Request
    prompt: list[int]


def _responses(loaded: _Loaded, requests: Sequence[Request]) -> Iterator[Response]:
    rows: list[_Row] = []
    for request, prompt in zip(requests, chat.encode(loaded.tokenizer, [r.messages for r in requests]), strict=True):
        if len(prompt) < loaded.max_length:
            rows.append(_Row(request, prompt))
        else:
            yield chat.too_long(request, len(prompt), loaded.max_length)
    for group in _groups(rows, loaded.group_tokens):
        yield from _run(loaded, group)


def _run(loaded: _Loaded, group: Sequence[_Row]) -> Iterator[Response]:
    """Hand a group over, then yield each response at the step that ends it."""
    engine = loaded.llm.llm_engine
    refusal = importlib.import_module("vllm.exceptions").VLLMClientError
    under_way: dict[str, _Row] = {}
    try:
        for number, row in enumerate(group):
            prompt = {"prompt_token_ids": row.prompt}
            try:
                engine.add_request(str(number), prompt, _sampling(loaded, row), lora_request=loaded.adapter)
            except (refusal, ValueError) as error:  # e.g. a schema that the grammar cannot say
                detail = (str(error).splitlines() or [""])[0]
                yield Response(row.request.id, "", False, len(row.prompt), 0, "bad request", detail)
            else:
                under_way[str(number)] = row
        while under_way:
            for output in engine.step():
                if output.finished:
                    yield _read(loaded, under_way.pop(output.request_id), output)
    finally:
        engine.abort_request(list(under_way))


def _read(loaded: _Loaded, row: _Row, output: Any) -> Response:
    ids = list(output.outputs[0].token_ids)
    text, finished, made = chat.read(loaded.tokenizer, ids, loaded.end_tokens, row.request.stop)
    reused = output.num_cached_tokens or 0
    return Response(row.request.id, text, finished, len(row.prompt), made, cached_prompt_tokens=reused)


def _load(config: VllmConfig, path: Path | str, compute: ComputeConfig) -> _Loaded:
    # One process: on a CPU the engine's own process would load the library again and bind itself to one core.
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(config.cpu_cache_gib))
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")  # nothing phones home
    vllm = _import()
    adapter = None
    if config.adapter is not None:
        adapter = importlib.import_module("vllm.lora.request").LoRARequest(
            "adapter", 1, str(Path(config.adapter).resolve())
        )
    import torch
    from transformers import AutoConfig, GenerationConfig

    cpu = importlib.import_module("vllm.platforms").current_platform.is_cpu()
    if compute.device == ("cuda" if cpu else "cpu"):
        build = "CPU" if cpu else "GPU"
        fix = "use compute.device=auto, or install vLLM for the other device"
        raise ResourceError(
            Problem(f"compute.device = {compute.device}", f"the installed vLLM is the {build} build", fix)
        )
    torch.set_num_threads(compute.threads)
    tokenizer = chat.load_tokenizer(path)
    name, revision = modelpath.resolve(path)
    with hub.reaching(name, revision):
        about = AutoConfig.from_pretrained(name, revision=revision)
    positions = about.get_text_config().max_position_embeddings
    max_length = min(positions, config.max_model_len or positions)
    # A CPU's seeded requests break the engine when their prompt is computed in two steps ("CPU Generator does not use
    # offset", vLLM 0.32): whatever is handed over together has to fit into one step.
    step_tokens = max(config.max_num_batched_tokens, max_length) if cpu else config.max_num_batched_tokens
    with hub.reaching(name, revision):
        llm = vllm.LLM(
            model=name,
            revision=revision,
            # vLLM's own "auto" would halve the precision of a float32 model.
            dtype=torch.float32 if cpu else (about.dtype or torch.float32),
            seed=0,
            max_model_len=max_length,
            max_num_batched_tokens=step_tokens,
            tensor_parallel_size=config.tensor_parallel_size,
            pipeline_parallel_size=config.pipeline_parallel_size,
            enforce_eager=cpu or config.enforce_eager,
            quantization=config.quantization,
            enable_lora=config.adapter is not None,
            max_lora_rank=config.max_lora_rank,
            enable_prefix_caching=True,  # a role's prompts begin alike
            # The grammar allows whitespace without end, in which a small model drowns.
            structured_outputs_config={"backend": "xgrammar", "disable_any_whitespace": True},
            disable_log_stats=True,
            use_tqdm_on_load=False,
            **({} if cpu else {"gpu_memory_utilization": config.gpu_memory_utilization}),
        )
        defaults = GenerationConfig.from_model_config(about)
        if (Path(name) / "generation_config.json").exists() or not Path(name).is_dir():
            defaults = GenerationConfig.from_pretrained(name, revision=revision or "main")
    ends = chat.end_tokens(tokenizer, defaults)
    return _Loaded(llm, adapter, tokenizer, ends, max_length, step_tokens if cpu else None)


def _import() -> Any:
    try:
        return importlib.import_module("vllm")
    except ModuleNotFoundError as error:
        fix = "run `make test` (CPU build) or `make run EXTRA=gpu`, or choose engine=transformers"
        raise ResourceError(Problem("engine.name = vllm", f"not installed: no module {error.name!r}", fix)) from None


def _sampling(loaded: _Loaded, row: _Row) -> Any:
    sampling = importlib.import_module("vllm.sampling_params")
    request = row.request
    drawn = request.temperature > 0
    return sampling.SamplingParams(
        temperature=request.temperature,
        top_p=request.top_p if drawn else 1.0,
        seed=request.seed if drawn else None,
        max_tokens=min(request.max_new_tokens, loaded.max_length - len(row.prompt)),
        stop=list(request.stop),
        stop_token_ids=loaded.end_tokens,
        detokenize=bool(request.stop),
        structured_outputs=None if request.schema is None else sampling.StructuredOutputsParams(json=request.schema),
        output_kind=sampling.RequestOutputKind.FINAL_ONLY,
    )


def _groups(rows: Sequence[_Row], group_tokens: int | None) -> Iterator[list[_Row]]:
    """Consecutive requests whose prompts hold at most `group_tokens` together."""
    group: list[_Row] = []
    tokens = 0
    for row in rows:
        if group and group_tokens is not None and tokens + len(row.prompt) > group_tokens:
            yield group
            group, tokens = [], 0
        group.append(row)
        tokens += len(row.prompt)
    if group:
        yield group

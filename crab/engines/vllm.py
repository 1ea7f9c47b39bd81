"""vLLM inside this process, on GPUs or on a CPU with its CPU build."""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crab.config.compute import ComputeConfig
from crab.config.engine import VllmConfig
from crab.core import hub, modelpath
from crab.core.errors import Problem, ResourceError
from crab.engines import chat
from crab.engines.base import Request, Response


class VllmEngine:
    """One model, loaded at the first request."""

    def __init__(self, config: VllmConfig, model: Path | str, compute: ComputeConfig) -> None:
        modelpath.resolve(model)  # a missing model is told at once
        self._config = config
        self._model = model
        self._compute = compute
        self._loaded: _Loaded | None = None

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        """One response per request, in the order of the requests.

        Raises:
            ResourceError: vLLM is not installed, its build is not for the configured device, or a hub model cannot be
                reached.
        """
        if not requests:
            return []
        if self._loaded is None:
            self._loaded = _load(self._config, self._model, self._compute)
        loaded = self._loaded
        prompts = chat.encode(loaded.tokenizer, [request.messages for request in requests])
        responses: list[Response | None] = [None] * len(requests)
        fitting: list[int] = []
        for index, (request, prompt) in enumerate(zip(requests, prompts, strict=True)):
            if len(prompt) < loaded.max_length:
                fitting.append(index)
            else:  # vLLM would refuse the whole call
                error = f"prompt of {len(prompt)} tokens leaves no room in the model's {loaded.max_length} positions"
                responses[index] = Response(request.id, "", False, len(prompt), 0, error)
        for group in _groups(fitting, [len(prompt) for prompt in prompts], loaded.group_tokens):
            outputs = loaded.llm.generate(
                [{"prompt_token_ids": prompts[index]} for index in group],
                [_sampling(loaded, requests[index], len(prompts[index])) for index in group],
                use_tqdm=False,
            )
            for index, output in zip(group, outputs, strict=True):
                request = requests[index]
                ids = list(output.outputs[0].token_ids)
                text, finished, made = chat.read(loaded.tokenizer, ids, loaded.end_tokens, request.stop)
                responses[index] = Response(request.id, text, finished, len(prompts[index]), made)
        return [response for response in responses if response is not None]

    def close(self) -> None:
        """Free the model and its cache; the next request loads it again."""
        if self._loaded is None:
            return
        self._loaded.llm.llm_engine.engine_core.shutdown()
        self._loaded = None
        gc.collect()
        importlib.import_module("vllm.distributed.parallel_state").cleanup_dist_env_and_memory()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class _Loaded:
    llm: Any
    sampling: Any
    tokenizer: Any
    end_tokens: list[int]
    max_length: int
    group_tokens: int | None
    """Prompt tokens that are handed over together, at most; None: all."""


def _load(config: VllmConfig, path: Path | str, compute: ComputeConfig) -> _Loaded:
    # One process: on a CPU the engine's own process would load the library again and bind itself to one core.
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(config.cpu_cache_gib))
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")  # nothing phones home
    vllm = _import()
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
            disable_log_stats=True,
            use_tqdm_on_load=False,
            **({} if cpu else {"gpu_memory_utilization": config.gpu_memory_utilization}),
        )
        defaults = GenerationConfig.from_model_config(about)
        if (Path(name) / "generation_config.json").exists() or not Path(name).is_dir():
            defaults = GenerationConfig.from_pretrained(name, revision=revision or "main")
    ends = chat.end_tokens(tokenizer, defaults)
    return _Loaded(llm, vllm.SamplingParams, tokenizer, ends, max_length, step_tokens if cpu else None)


def _import() -> Any:
    try:
        return importlib.import_module("vllm")
    except ModuleNotFoundError as error:
        fix = "run `make test` (CPU build) or `make run EXTRA=gpu`, or choose engine=transformers"
        raise ResourceError(Problem("engine.name = vllm", f"not installed: no module {error.name!r}", fix)) from None


def _sampling(loaded: _Loaded, request: Request, prompt_tokens: int) -> Any:
    drawn = request.temperature > 0
    return loaded.sampling(
        temperature=request.temperature,
        top_p=request.top_p if drawn else 1.0,
        seed=request.seed if drawn else None,
        max_tokens=min(request.max_new_tokens, loaded.max_length - prompt_tokens),
        stop=list(request.stop),
        stop_token_ids=loaded.end_tokens,
        detokenize=bool(request.stop),
    )


def _groups(indices: Sequence[int], lengths: Sequence[int], group_tokens: int | None) -> Iterator[list[int]]:
    """Consecutive requests whose prompts hold at most `group_tokens` together."""
    group: list[int] = []
    for index in indices:
        if group and group_tokens is not None and sum(lengths[other] for other in [*group, index]) > group_tokens:
            yield group
            group = []
        group.append(index)
    if group:
        yield group

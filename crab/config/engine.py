"""How text is made: the `engine` section, and the same inside the roles that have an engine of their own.

No stage tracks the `engine` section, so nothing in it may change what is made; values that do are marked, belong into
a role's section, which is tracked, and are part of `EngineConfig.identity`.
"""

from __future__ import annotations

import json
import math
from typing import Any, Literal

from pydantic import Field, model_validator

from crab.config.section import Section


class TransformersConfig(Section):
    """Batched generation with the transformers library."""

    batch_size: int = Field(ge=1)
    """Requests that are generated together, at most."""
    batch_tokens: int = Field(ge=1)
    """Positions of one batch, padding and new tokens included, at most; a longer request goes alone. Bounds memory."""


class VllmConfig(Section):
    """vLLM inside this process."""

    tensor_parallel_size: int = Field(ge=1)
    """GPUs that share each layer."""
    pipeline_parallel_size: int = Field(ge=1)
    """Groups of GPUs that hold the layers one after the other."""
    gpu_memory_utilization: float = Field(gt=0, le=1)
    """Share of each GPU's memory for weights and cache."""
    cpu_cache_gib: int = Field(ge=1)
    """Key-value cache on a CPU, in GiB."""
    max_model_len: int | None = Field(ge=1)
    """Positions a request may use; null: as many as the model has, which may need much cache."""
    max_num_batched_tokens: int = Field(ge=1)
    """Tokens that one step computes; on a CPU also the prompt tokens that are handed over together."""
    enforce_eager: bool
    """No graph capture: starts faster, decodes slower on a GPU."""
    quantization: str | None
    """vLLM's name of a method, e.g. `fp8`; null: as the model's own config says. Changes what is made."""
    adapter: str | None
    """Folder of a LoRA adapter over the model. Changes what is made."""
    max_lora_rank: int = Field(ge=1)
    """Rank that memory is kept for where there is an adapter."""


class OpenaiConfig(Section):
    """An endpoint that speaks the OpenAI chat protocol: a service, or `vllm serve`."""

    base_url: str = Field(pattern=r"^https?://[^@\s]+$")
    """Where it answers, `/v1` included; no credentials in it."""
    model: str | None
    """The name under which it serves the model; null: as the role names it."""
    key_env: str | None = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Environment variable that holds the key; null: the endpoint asks for none. The key itself stands nowhere."""
    concurrency: int = Field(ge=1)
    """Requests in flight, at most; fewer while the server says that they are too many."""
    timeout_seconds: float = Field(gt=0)
    """For one whole answer."""
    max_attempts: int = Field(ge=1)
    """How often one request is sent before it ends with an error."""
    max_backoff_seconds: float = Field(gt=0)
    """Longest pause between two attempts; a longer `Retry-After` is cut to it."""
    unreachable_seconds: float = Field(ge=0)
    """How long nobody may listen at the address before the run ends, keeping what it has."""
    structured: bool
    """The endpoint understands `response_format` with a JSON schema."""
    send_seed: bool
    """The endpoint takes a seed per request. vLLM's CPU server dies of seeded requests that come in hundreds."""
    token_limit: Literal["max_tokens", "max_completion_tokens"]
    """What the endpoint calls the limit of new tokens."""
    extra_body: dict[str, Any]
    """Further fields of every request, e.g. `chat_template_kwargs`. Changes what is made."""


class ReplayConfig(Section):
    """Answers recorded in a file: a paid run again, without paying."""

    file: str
    """JSON lines, as `crab cache record` or `crab.engines.replay.Recorded` write them; relative to the checkout."""
    strict: bool
    """A request without a recorded answer ends the run; otherwise it alone ends with an error."""


class RayConfig(Section):
    """Workers on a Ray cluster, each with an engine of its own."""

    address: str | None = Field(pattern=r"^(auto|[^\s/:]+:[0-9]+)$")
    """An existing cluster, `auto` or HOST:6379 (Ray's client protocol, ray://, knows no streams); null: a local one
    that lives as long as the engine. A cluster's token comes from the environment, as Ray reads it."""
    workers: int = Field(ge=1)
    """Engines that work at a time."""
    cpus_per_worker: float = Field(gt=0)
    """CPUs that Ray sets aside for each."""
    gpus_per_worker: float = Field(ge=0)
    """GPUs that Ray sets aside for each: tensor times pipeline parallel size."""
    batch_size: int = Field(ge=1)
    """Requests that a worker gets at a time."""
    max_attempts: int = Field(ge=1)
    """How often a batch is given to a worker that dies over it."""
    object_store_mib: int = Field(ge=80)
    """Shared memory of a local Ray, in MiB; its own default takes 30 % of the machine."""
    worker: EngineConfig
    """The engine inside each worker."""


class EngineConfig(Section):
    """The engine's name and its own values."""

    name: Literal["transformers", "vllm", "openai", "ray", "replay"]
    transformers: TransformersConfig | None = None
    vllm: VllmConfig | None = None
    openai: OpenaiConfig | None = None
    ray: RayConfig | None = None
    replay: ReplayConfig | None = None

    @model_validator(mode="after")
    def _one_engine(self) -> EngineConfig:
        names = ("transformers", "vllm", "openai", "ray", "replay")
        given = [name for name in names if getattr(self, name) is not None]
        if given != [self.name]:
            found = " and ".join(given) or "none"
            raise ValueError(f"name is {self.name!r}, which needs its own values and no others; found {found}")
        if self.ray is not None and self.ray.worker.name in ("ray", "replay"):
            raise ValueError(f"a worker of ray cannot hold the engine {self.ray.worker.name!r}")
        return self

    @property
    def gpus(self) -> int:
        """GPUs that it uses on this machine, where there are any."""
        if self.transformers is not None:
            return 1
        if self.vllm is not None:
            return self.vllm.tensor_parallel_size * self.vllm.pipeline_parallel_size
        if self.ray is not None and self.ray.address is None:
            return math.ceil(self.ray.workers * self.ray.gpus_per_worker)
        return 0

    def identity(self) -> dict[str, str]:
        """The values that change what is made, for the response cache; empty for an engine as it comes."""
        if self.ray is not None:
            return self.ray.worker.identity()
        found: dict[str, str] = {}
        if self.vllm is not None and self.vllm.quantization is not None:
            found["quantization"] = self.vllm.quantization
        if self.vllm is not None and self.vllm.adapter is not None:
            found["adapter"] = self.vllm.adapter
        if self.openai is not None and self.openai.model is not None:
            found["served model"] = self.openai.model
        if self.openai is not None and self.openai.extra_body:
            found["extra body"] = json.dumps(self.openai.extra_body, sort_keys=True)
        return found


RayConfig.model_rebuild()

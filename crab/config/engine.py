"""The `engine` section: how text is made. No stage tracks it, so nothing in it may change what is made."""

from __future__ import annotations

from typing import Literal

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


class EngineConfig(Section):
    """The engine's name and its own values."""

    name: Literal["transformers", "vllm"]
    transformers: TransformersConfig | None = None
    vllm: VllmConfig | None = None

    @model_validator(mode="after")
    def _one_engine(self) -> EngineConfig:
        given = [name for name in ("transformers", "vllm") if getattr(self, name) is not None]
        if given != [self.name]:
            found = " and ".join(given) or "none"
            raise ValueError(f"name is {self.name!r}, which needs its own values and no others; found {found}")
        return self

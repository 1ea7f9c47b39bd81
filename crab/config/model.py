"""The `model` section: what is trained, what belongs to its size, and what machine it asks for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.optimiser import OptimiserConfig
from crab.config.section import Section


class WeightsConfig(Section):
    """Where the base model comes from, and its shape.

    For a built model the shape is what gets built; for a hub model it is a fact about it, used to plan memory.
    """

    source: Literal["built", "hub"]
    """`built`: initialised and pre-trained on the spot; `hub`: downloaded when first loaded."""
    hub_id: str | None
    revision: str | None
    """Branch, tag or commit of a hub model; a commit makes the run repeatable."""
    architecture: Literal["llama", "mistral", "qwen2"]
    hidden_size: int = Field(ge=8)
    num_layers: int = Field(ge=1)
    num_heads: int = Field(ge=1)
    num_kv_heads: int = Field(ge=1)
    intermediate_size: int = Field(ge=8)
    vocabulary_size: int = Field(ge=300)
    """At least the 256 bytes and the special tokens."""
    max_positions: int = Field(ge=16)
    rope_theta: float = Field(gt=0)
    tie_embeddings: bool

    @model_validator(mode="after")
    def _consistent(self) -> WeightsConfig:
        if self.hidden_size % self.num_heads:
            raise ValueError(f"hidden_size = {self.hidden_size} is not a multiple of num_heads = {self.num_heads}")
        if self.num_heads % self.num_kv_heads:
            raise ValueError(f"num_heads = {self.num_heads} is not a multiple of num_kv_heads = {self.num_kv_heads}")
        if self.source == "hub" and not (self.hub_id and self.revision):
            raise ValueError("source = hub needs hub_id and revision")
        if self.source == "built" and (self.hub_id or self.revision):
            raise ValueError("source = built has no hub_id and no revision; set both to null")
        return self


class LoraConfig(Section):
    """Train low-rank adapters and merge them on saving, instead of all weights."""

    r: int = Field(ge=1)
    alpha: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    target_modules: list[str] = Field(min_length=1)
    """Names of linear layers; never the output head."""
    quantisation: Literal["nf4"] | None = None
    """How the frozen weights are kept: null: in bf16; `nf4`: in 4 bits (QLoRA, arXiv 2305.14314), on a GPU only."""


class ModelSftConfig(OptimiserConfig):
    """Values of supervised fine-tuning that belong to the model's size."""

    packing: bool
    """Rows share sequences of `max_length` tokens: worth it where rows are much shorter, and attention is fast."""


class ModelDpoConfig(OptimiserConfig):
    """Values of preference training that belong to the model's size."""

    beta: float = Field(gt=0)
    """Higher: less drift from the SFT model."""
    nll_weight: float = Field(ge=0)
    """Weight of the chosen response's negative log-likelihood beside the preference loss."""
    max_length: int = Field(ge=16)
    max_new_tokens: int = Field(ge=1)
    """Longest response sampled for a preference."""


class MemoryConfig(Section):
    """Gigabytes (10^9 bytes) that the model asks for, on the GPU or in RAM, by use."""

    full: float = Field(gt=0)
    """Training all weights: 16 bytes a parameter (fp32 weights, gradients, two Adam moments) and activations."""
    lora: float = Field(gt=0)
    """Training adapters: frozen weights (2 bytes a parameter in bf16; with nf4 about half a byte, but for the
    vocabulary's), adapters with their moments, activations."""
    inference: float = Field(gt=0)
    """Generating: weights in the model's precision and the cache."""


class AboutConfig(Section):
    """Facts for the user and for the check before a model is loaded; no result depends on them."""

    parameters: int = Field(ge=1)
    memory_gb: MemoryConfig
    access: str
    """What it takes to download the model; empty where nothing is downloaded."""


class ModelConfig(Section):
    """A model with everything that follows from its size."""

    name: str
    base: WeightsConfig
    max_length: int = Field(ge=16)
    """Longest training row in tokens, prompt included."""
    max_new_tokens: int = Field(ge=1)
    """Longest answer in evaluation; a longer one counts as truncated."""
    chat_template: str | None
    """Name of a file in `crab/prompts/chat`, for a base model; null: the one that the model brings."""
    precision: Literal["fp32", "bf16"]
    """`bf16`: bf16 arithmetic on a GPU; a CPU always computes in fp32, which is faster there."""
    lora: LoraConfig | None
    sft: ModelSftConfig
    dpo: ModelDpoConfig
    about: AboutConfig

    @model_validator(mode="after")
    def _consistent(self) -> ModelConfig:
        if max(self.max_length, self.dpo.max_length) > self.base.max_positions:
            raise ValueError(
                f"max_length = {self.max_length} (dpo: {self.dpo.max_length}) is above base.max_positions = "
                f"{self.base.max_positions}"
            )
        if self.base.source == "built" and self.chat_template is None:
            raise ValueError("a built model brings no chat template; name one of crab/prompts/chat")
        return self

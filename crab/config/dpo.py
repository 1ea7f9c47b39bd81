"""The `dpo` section: where preferences come from, and by which algorithm they are trained."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, model_validator

from crab.config.dataset import DatasetConfig, Names
from crab.config.optimiser import OptimiserConfig
from crab.config.section import Section


class PairFieldsConfig(Section):
    """Which fields of a row hold what; a text is one turn, a list is a conversation."""

    prompt: Names
    chosen: Names
    """The better answer; of a conversation its last turn."""
    rejected: Names
    chosen_score: Names
    rejected_score: Names


class PairsConfig(Section):
    """Preferences that somebody else made."""

    path: str | list[str] | None
    """One file or several; relative paths start at the main checkout."""
    digest: str | None
    """Hash of the files' content, so that a changed file reruns the stage."""
    dataset: DatasetConfig | None
    """Of the hub, where `path` is null."""
    fields: PairFieldsConfig
    min_margin: float = Field(ge=0)
    """Least score of the chosen answer above the rejected one's, where a row has scores; ties are always rejected."""
    limit: int | None = Field(ge=1)
    """Pairs, at most, drawn by hash; null: all."""

    @model_validator(mode="after")
    def _one_place(self) -> PairsConfig:
        if (self.path is None) == (self.dataset is None):
            raise ValueError("either path (files) or dataset (hub), and the other null")
        if self.path == []:
            raise ValueError("path names no file: set dpo.pairs.path=FILE or dpo.pairs.path=[FILE,FILE]")
        return self


class GrpoVllmConfig(Section):
    """vLLM in the training process, which shares its GPU with the trainer (TRL's colocate mode)."""

    gpu_memory_utilization: float = Field(gt=0, lt=1)
    """Share of the GPU's memory for vLLM's copy of the weights and its cache; the rest is the trainer's."""
    sleep: bool
    """Free vLLM's memory during the optimiser step, for some time to wake it."""


class GrpoConfig(Section):
    """GRPO: the samples of a prompt are each other's baseline (Shao et al. 2024, arXiv 2402.03300).

    The reward of a sample is the share of the prompt's constraints that it meets, by the checkers. Every sample is used
    for one step only, so that policy and sampler are the same and nothing is ever clipped.
    """

    all_met_bonus: float = Field(ge=0)
    """Added to the reward of a sample that meets all constraints."""
    loss_type: Literal["grpo", "dr_grpo", "dapo", "bnpo"]
    """TRL's name of how token losses are averaged; `grpo` as published: over a sample's tokens, then over samples."""
    scale_rewards: Literal["group", "batch", "none"]
    """Advantages are divided by the standard deviation of the rewards in this scope."""
    beta: float = Field(ge=0)
    """Weight of the divergence from the SFT model; 0 needs no copy of it in memory."""
    vllm: GrpoVllmConfig | None
    """null: samples are made by transformers."""


Keep = Literal["any", "better", "all_met"]


class BestOfNConfig(Section):
    """Fine-tuning on the best of a model's own samples: DPO without its rejected side."""

    keep: Keep
    """Best samples that are learnt: `all_met` those that meet every constraint, `better` those that meet more than
    another sample of the prompt (the prompts that DPO finds a pair for), `any` all that ended by themselves."""


Algorithm = Literal["dpo", "grpo", "best_of_n", "more_sft"]
_OWN: Final[dict[Algorithm, tuple[str, ...]]] = {
    "dpo": ("loss_type", "label_smoothing", "beta", "nll_weight"),
    "grpo": ("grpo",),
    "best_of_n": ("best_of_n",),
    "more_sft": (),
}
"""Values that one algorithm needs, and that are null for the others."""
_SOURCES: Final[dict[Algorithm, tuple[str, ...]]] = {
    "dpo": ("onpolicy", "witness", "ultrafeedback", "files"),
    "grpo": ("onpolicy",),
    "best_of_n": ("onpolicy",),
    "more_sft": ("witness",),
}


class DpoConfig(OptimiserConfig):
    """Preferences, certified by the checkers unless they come from elsewhere, and how the SFT model learns them."""

    algorithm: Algorithm
    """`dpo`: TRL's DPO on pairs; `grpo`: TRL's GRPO with the checkers as reward; and what both have to beat:
    `best_of_n`, fine-tuning on the best sample of each prompt; `more_sft`, on the record's own response."""
    random_seed: int
    """Draws prompts, samples, the order of the rows and the initial adapters."""
    source: Literal["onpolicy", "witness", "ultrafeedback", "files"]
    """`onpolicy`: samples of the SFT model, ranked by constraints met; `witness`: a response against one that fails
    (more_sft: the response alone); `ultrafeedback`, `files`: preferences that somebody else made, taken at their
    word."""
    pairs: PairsConfig | None = None
    """`ultrafeedback`, `files`: where they are."""
    grpo: GrpoConfig | None = None
    best_of_n: BestOfNConfig | None = None
    prompts: int = Field(ge=1)
    """Training prompts from which preferences are made."""
    max_constraints: int = Field(ge=1)
    """A prompt states 1 to this many constraints, each number as often as the others."""
    samples_per_prompt: int = Field(ge=2)
    """Samples that are compared with each other; GRPO's group."""
    temperature: float = Field(gt=0)
    max_new_tokens: int = Field(ge=1)
    """Longest sampled response."""
    loss_type: Literal["sigmoid", "hinge", "ipo", "robust", "sigmoid_norm", "apo_zero", "apo_down"] | None
    """TRL's name of the preference loss; `sigmoid` is DPO as published."""
    label_smoothing: float | None = Field(ge=0, lt=0.5)
    """Share of labels taken to be wrong; `robust` divides by 1 - 2 * this, the others ignore it."""
    beta: float | None = Field(gt=0)
    """Higher: less drift from the SFT model."""
    nll_weight: float | None = Field(ge=0)
    """Weight of the chosen response's negative log-likelihood; at small size it keeps the text from degrading."""
    max_length: int = Field(ge=16)
    """Longest prompt with response, in tokens."""
    overlong: Literal["drop", "cut"]
    """Pairs and rows above `max_length`: dropped, or the responses cut at their end."""

    @model_validator(mode="after")
    def _own_values(self) -> DpoConfig:
        own, way = _OWN[self.algorithm], f"compose with dpo={'default' if self.algorithm == 'dpo' else self.algorithm}"
        if missing := [name for name in own if getattr(self, name) is None]:
            raise ValueError(f"algorithm = {self.algorithm} needs {', '.join(missing)}; {way}")
        others = [name for names in _OWN.values() for name in names if name not in own]
        if found := [name for name in others if getattr(self, name) is not None]:
            raise ValueError(f"{', '.join(found)} must be null with algorithm = {self.algorithm}: of no use to it")
        if self.source not in _SOURCES[self.algorithm]:
            raise ValueError(f"algorithm = {self.algorithm} needs source = {_SOURCES[self.algorithm][0]}; {way}")
        return self

    @model_validator(mode="after")
    def _whole_groups(self) -> DpoConfig:
        step = self.batch_size * self.accumulation_steps
        if self.algorithm == "grpo" and step % self.samples_per_prompt:
            raise ValueError(
                f"a step of batch_size x accumulation_steps = {step} samples holds no whole number of prompts with "
                f"samples_per_prompt = {self.samples_per_prompt}"
            )
        return self

    @model_validator(mode="after")
    def _smoothing_is_used(self) -> DpoConfig:
        if self.label_smoothing and self.loss_type != "robust":
            raise ValueError(f"label_smoothing = {self.label_smoothing} needs loss_type = robust")
        return self

    @model_validator(mode="after")
    def _pairs_have_a_place(self) -> DpoConfig:
        ready = self.source in ("ultrafeedback", "files")
        if ready != (self.pairs is not None):
            raise ValueError(f"pairs {'is needed by' if ready else 'does not belong to'} source = {self.source}")
        if self.pairs is not None and (self.pairs.path is None) == (self.source == "files"):
            raise ValueError(f"source = {self.source} reads pairs.{'path' if self.source == 'files' else 'dataset'}")
        return self

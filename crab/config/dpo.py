"""The `dpo` section: where preferences come from, and how they are trained."""

from __future__ import annotations

from typing import Literal

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


class DpoConfig(OptimiserConfig):
    """Preferences, certified by the checkers unless they come from elsewhere, and TRL's DPO on them."""

    random_seed: int
    """Draws prompts, samples, the order of the pairs and the initial adapters."""
    source: Literal["onpolicy", "witness", "ultrafeedback", "files"]
    """`onpolicy`: samples of the SFT model, ranked by constraints met; `witness`: a response against one that fails;
    `ultrafeedback`, `files`: preferences that somebody else made, taken at their word."""
    pairs: PairsConfig | None = None
    """`ultrafeedback`, `files`: where they are."""
    prompts: int = Field(ge=1)
    """Training prompts from which preferences are made."""
    max_constraints: int = Field(ge=1)
    """A prompt states 1 to this many constraints, each number as often as the others."""
    samples_per_prompt: int = Field(ge=2)
    temperature: float = Field(gt=0)
    max_new_tokens: int = Field(ge=1)
    """Longest sampled response."""
    loss_type: Literal["sigmoid", "hinge", "ipo", "robust", "sigmoid_norm", "apo_zero", "apo_down"]
    """TRL's name of the preference loss; `sigmoid` is DPO as published."""
    label_smoothing: float = Field(ge=0, lt=0.5)
    """Share of labels taken to be wrong; `robust` divides by 1 - 2 * this, the others ignore it."""
    beta: float = Field(gt=0)
    """Higher: less drift from the SFT model."""
    nll_weight: float = Field(ge=0)
    """Weight of the chosen response's negative log-likelihood; at small size it keeps the text from degrading."""
    max_length: int = Field(ge=16)
    """Longest prompt with response, in tokens."""
    overlong: Literal["drop", "cut"]
    """Pairs above `max_length`: dropped, or both responses cut at their end."""

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

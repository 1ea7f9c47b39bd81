"""What the teacher and the judge have in common: a model, how it is sampled, what it costs, and how it is reached."""

from __future__ import annotations

from pydantic import Field, model_validator

from crab.config.engine import EngineConfig
from crab.config.section import Section


class LlmModelConfig(Section):
    """Which model answers. Decides results, so it is tracked and part of every cached answer's key."""

    name: str = Field(min_length=1)
    """Hub id, or the name under which an endpoint serves it."""
    revision: str | None
    """Branch, tag or commit of a hub model; a commit makes the run repeatable."""
    folder: str | None
    """A model on this machine instead of the hub; relative paths start at the main checkout."""
    digest: str | None
    """Hash of the folder's content, `${digest:...}` or `${frozen:...}`: how a changed model is noticed."""
    options: dict[str, str]
    """What the engine's own values change in the answers (`EngineConfig.identity`): quantisation, adapter, ..."""

    @model_validator(mode="after")
    def _folder_has_digest(self) -> LlmModelConfig:
        if (self.folder is None) != (self.digest is None):
            raise ValueError("a model's folder needs its digest, and the other way round: digest: ${digest:FOLDER}")
        return self


class LlmSamplingConfig(Section):
    """How the answers' tokens are drawn."""

    temperature: float = Field(ge=0)
    """0 is greedy: every attempt and every sample would be the same."""
    top_p: float = Field(gt=0, le=1)
    max_new_tokens: int = Field(ge=1)
    random_seed: int
    """Of the first attempt and sample; the next ones count on from it."""


class PricesConfig(Section):
    """What tokens cost; in what currency is for the user to know."""

    per_million_prompt_tokens: float = Field(ge=0)
    per_million_completion_tokens: float = Field(ge=0)

    def money(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Price of so many tokens."""
        return (
            prompt_tokens * self.per_million_prompt_tokens + completion_tokens * self.per_million_completion_tokens
        ) / 1e6


class LlmConfig(Section):
    """A model that is asked. Everything here can change the answers, but for the prices, which change metrics."""

    model: LlmModelConfig
    sampling: LlmSamplingConfig
    attempts: int = Field(ge=1)
    """How often one question is put while the answers cannot be read; more than once needs temperature > 0."""
    prices: PricesConfig | None

    @model_validator(mode="after")
    def _attempts_differ(self) -> LlmConfig:
        if self.attempts > 1 and self.sampling.temperature == 0:
            raise ValueError("attempts > 1 with temperature = 0 would ask for the same answer again; use 1, or sample")
        return self


class BudgetConfig(Section):
    """Most that one stage may spend in all, answers from earlier attempts included; null is no limit.

    A stage that reaches it stops and keeps every answer; with a higher limit it goes on where it was.
    """

    max_requests: int | None = Field(ge=0)
    max_tokens: int | None = Field(ge=0)
    """Prompt and completion tokens together."""
    max_money: float | None = Field(ge=0)
    """In the currency of the prices."""


class ServiceConfig(Section):
    """How the model is reached and how much may be spent: no stage tracks it, because it changes no answer."""

    engine: EngineConfig
    budget: BudgetConfig


def require_service(llm: LlmConfig | None, service: ServiceConfig | None) -> None:
    """Check what a model and the way to it must have in common.

    Raises:
        ValueError: One of them is missing, or they contradict each other.
    """
    if (llm is None) != (service is None):
        raise ValueError("llm and service come together: a model needs an engine, an engine a model; or both are null")
    if llm is None or service is None:
        return
    if (found := service.engine.identity()) != llm.model.options:
        raise ValueError(f"llm.model.options must repeat what the engine changes in the answers; set it to {found}")
    if service.budget.max_money is not None and llm.prices is None:
        raise ValueError("budget.max_money needs llm.prices")

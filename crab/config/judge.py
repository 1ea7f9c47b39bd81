"""The `judge` section: who decides whether a response meets a constraint that no program can check."""

from __future__ import annotations

from pydantic import Field, model_validator

from crab.config.llm import LlmConfig, ServiceConfig, require_service
from crab.config.section import Section


class ExaminerConfig(LlmConfig):
    """A model that judges, one constraint at a time."""

    samples: int = Field(ge=1)
    """Independent answers to each question."""
    agree: int = Field(ge=1)
    """How many of them must say yes."""
    repair: bool
    """A text that the judge corrected is parsed, and checked or judged again, once; otherwise it is rejected."""
    audit_records: int = Field(ge=0)
    """Training records of which one true and one false checkable constraint each are judged too: measures the judge."""

    @model_validator(mode="after")
    def _samples_differ(self) -> ExaminerConfig:
        if self.agree > self.samples:
            raise ValueError(f"agree = {self.agree} of samples = {self.samples} can never be")
        if self.samples > 1 and self.sampling.temperature == 0:
            raise ValueError("samples > 1 with temperature = 0 are all the same; use temperature > 0")
        return self


class JudgeConfig(Section):
    """Who judges; nobody, where `llm` is null: then every constraint that needs a judge is rejected."""

    name: str
    llm: ExaminerConfig | None
    service: ServiceConfig | None
    """How the model is reached. Tracked by no stage: it changes no answer."""

    @model_validator(mode="after")
    def _reachable(self) -> JudgeConfig:
        require_service(self.llm, self.service)
        return self

"""The `teacher` section: who proposes the constraints that a response already meets."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.llm import LlmConfig, ServiceConfig, require_service
from crab.config.section import Section


class ProposerConfig(LlmConfig):
    """A model that proposes."""

    task: Literal["fields", "reverse"]
    """`fields`: an instruct model fills in one sentence per kind of constraint; `reverse`: a model of our own, trained
    on the reverse task, lists constraints."""
    groups: dict[str, list[str]]
    """Calls per record: name of a group -> constraint types that one call asks about (task `fields`)."""
    refine: bool
    """Ask for a more specific instruction too: the paper's circumstances."""
    max_added_words: int = Field(ge=1)
    """Words that a refined instruction may add."""

    @model_validator(mode="after")
    def _groups_fit_the_task(self) -> ProposerConfig:
        if self.task == "reverse" and (self.groups or self.refine):
            raise ValueError("task = reverse asks one question of its own: groups must be empty and refine false")
        if self.task == "fields" and not (self.refine or any(self.groups.values())):
            raise ValueError("task = fields needs groups of constraint types, or refine: true")
        listed = [name for names in self.groups.values() for name in names]
        if twice := sorted({name for name in listed if listed.count(name) > 1}):
            raise ValueError(f"asked about in two groups: {', '.join(twice)}")
        return self


class TeacherConfig(Section):
    """Where constraints come from: rules, a model, or both; neither, where the data state them already."""

    name: str
    rules: bool
    """Measure every response, and state each measure that holds under all readings."""
    max_phrasings: int | None = Field(ge=1)
    """How many phrasings of each constraint type the rules use; null: all of them."""
    llm: ProposerConfig | None
    """The model that proposes; null: none."""
    service: ServiceConfig | None
    """How it is reached. Tracked by no stage: it changes no answer."""

    @model_validator(mode="after")
    def _reachable(self) -> TeacherConfig:
        require_service(self.llm, self.service)
        return self

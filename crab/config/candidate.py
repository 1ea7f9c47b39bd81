"""A model that is evaluated and not trained: `conf/candidate/*.yaml`, no section of `params.yaml`."""

from __future__ import annotations

from pydantic import Field

from crab.config.engine import EngineConfig
from crab.config.section import Section


class CandidateConfig(Section):
    """Which model, and what it is shown: all of it is written beside its results."""

    name: str = Field(pattern=r"^[\w.-]+$")
    """Its row's name."""
    model: str = Field(min_length=1)
    """Hub id, folder, or the name under which an endpoint serves it."""
    revision: str | None
    """Branch, tag or commit of a hub model; null takes what the hub has on the day."""
    chat_template: str | None
    """Name of a file in `conf/candidate/templates`; null: the one that the model brings."""
    system_prompt: str | None
    """First turn of every conversation; null: none beyond what the template says itself."""
    stop: list[str]
    """Texts at which an answer ends, beyond the model's own end tokens."""
    max_new_tokens: int | None = Field(ge=1)
    """Longest answer; null: as section `eval` says."""
    engine: EngineConfig | None
    """How it is run; null: as section `engine` says."""
    published: str | None
    """Its row in the published table (`crab/report/published.json`)."""
    access: str
    """What it takes to have it."""

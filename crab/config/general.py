"""The `general` section: ordinary conversations that are mixed into SFT, so that the model stays a general one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.dataset import DatasetConfig, Names
from crab.config.section import Section


class ConversationConfig(Section):
    """How a row holds its conversation."""

    messages: Names
    """The list of turns."""
    role: Names
    content: Names
    roles: dict[str, Literal["system", "user", "assistant"]]
    """The row's names of the roles -> ours; a turn of any other role rejects its row."""


class GeneralConfig(Section):
    """Rows of the general task: they count as forward rows with weight 1."""

    name: str
    source: Literal["none", "files", "hub"]
    random_seed: int
    path: str | list[str] | None = None
    """`files`: one file or several; relative paths start at the main checkout."""
    digest: str | None = None
    """`files`: hash of the files' content, so that a changed file reruns the stage."""
    dataset: DatasetConfig | None = None
    """`hub`: which data set."""
    conversation: ConversationConfig | None = None
    """Which fields hold what."""
    draw: Literal["sample", "first"] = "sample"
    """`sample`: reads everything and draws by hash; `first`: streams, and stops when it has enough."""
    limit: int | None = Field(default=None, ge=1)
    """Conversations, at most; null: all."""

    @model_validator(mode="after")
    def _the_source_has_its_values(self) -> GeneralConfig:
        needed = {"none": (), "files": ("path", "digest", "conversation"), "hub": ("dataset", "conversation")}
        faults = [
            f"{key} {'is needed by' if key in needed[self.source] else 'does not belong to'} source = {self.source}"
            for key in ("path", "digest", "dataset", "conversation")
            if (key in needed[self.source]) != (getattr(self, key) is not None)
        ]
        if self.source == "files" and self.path == []:
            faults.append("path names no file: set general.path=FILE or general.path=[FILE,FILE]")
        if self.draw == "first" and self.limit is None:
            faults.append("draw = first needs a limit")
        if faults:
            raise ValueError("; ".join(faults))
        return self

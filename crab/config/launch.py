"""The `launch` section: how a stage's process is run. Tracked by no stage, for none of it changes a result."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from crab.config.section import Section


class LaunchConfig(Section):
    """How many processes a stage runs in, and how often training saves."""

    name: str
    processes: int = Field(ge=1)
    """Processes that train one model together; on GPUs one each. They share the forward passes of a step, so the number
    changes how long a step takes, not what it computes (but for the last digits)."""
    accelerate: dict[str, Any]
    """Keys of accelerate's own config file, for several processes, e.g. how they share the weights."""
    save_seconds: float = Field(gt=0)
    """Time between checkpoints: what a kill costs at most."""
    workers: int | None = Field(ge=1)
    """Processes that derive and verify constraints, at most; null: one for each core."""
    cluster: str | None
    """A Ray cluster that derives and verifies (`auto`, or host:port; `local`: a Ray of this machine); null: no Ray."""

    @property
    def sharing(self) -> int:
        """Processes that share one copy of the weights."""
        return self.processes if self.accelerate.get("distributed_type") in ("FSDP", "DEEPSPEED") else 1

"""The `launch` section: how a stage's process is run. Tracked by no stage, for none of it changes a result."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crab.config.section import Section


class LaunchConfig(Section):
    """How many processes a training stage runs in, and how often it saves."""

    name: Literal["local"]
    """`local`: one process, on the device that `compute.device` names."""
    save_seconds: float = Field(gt=0)
    """Time between checkpoints: what a kill costs at most."""

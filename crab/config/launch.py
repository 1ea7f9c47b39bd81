"""The `launch` section: how a stage's process is started. Tracked by no stage."""

from __future__ import annotations

from typing import Literal

from crab.config.section import Section


class LaunchConfig(Section):
    """How many processes a training stage runs in."""

    name: Literal["local"]
    """`local`: one process, on the device that `compute.device` names."""

"""The `compute` section: what changes the bits of a result without being part of the question."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crab.config.section import Section


class ComputeConfig(Section):
    """Threads and device of everything that trains or generates."""

    threads: int = Field(ge=1)
    """Threads of one process. Sums are split by thread, so another number gives other last digits."""
    device: Literal["auto", "cpu", "cuda"]
    """`auto`: the GPU if there is one."""

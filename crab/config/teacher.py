"""The `teacher` section: who proposes the constraints that a response already meets."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crab.config.section import Section


class TeacherConfig(Section):
    """Where constraints come from."""

    name: Literal["rules"]
    """`rules`: every response is measured, and each measure that holds under all readings is stated."""
    max_phrasings: int | None = Field(ge=1)
    """How many phrasings of each constraint type are used; null: all of them."""

"""The `track` section: where runs are recorded. No stage but `track` sees it, so a change reruns nothing else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from crab.config.section import Section


class TrackConfig(Section):
    """Where runs are recorded, and which family this one belongs to."""

    name: Literal["mlflow", "none"]
    """`mlflow`: the journal and MLflow; `none`: the journal alone."""
    experiment: str = Field(min_length=1)
    """Name of the MLflow experiment that holds the runs."""
    uri: str | None
    """Tracking store; null: `mlflow.db` in the main checkout. MLFLOW_TRACKING_URI in the environment wins."""
    family: str
    """The family of runs that this one belongs to; empty: none. Set by `python -m crab family`."""

    @field_validator("uri")
    @classmethod
    def _holds_no_secret(cls, value: str | None) -> str | None:
        if value and "@" in value:
            raise ValueError(
                "params.yaml is committed: put an address with a user or password into MLFLOW_TRACKING_URI"
            )
        return value

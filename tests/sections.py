"""Sections for tests, from the very files in conf/."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from omegaconf import OmegaConf

from crab.config.section import Section

CONF = Path(__file__).parents[1] / "conf"
Kind = TypeVar("Kind", bound=Section)


def from_conf(kind: type[Kind], group: str, option: str, **changes: Any) -> Kind:
    """The section that `group=option` gives, with changes merged in; `random_seed` is 0."""
    values = OmegaConf.create({"random_seed": 0, group: {}})
    values[group] = OmegaConf.merge(OmegaConf.load(CONF / group / f"{option}.yaml"), changes)
    OmegaConf.resolve(values)
    return kind.model_validate(OmegaConf.to_container(values[group]))

"""Sections for tests, composed from the very files in conf/."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML

from crab.cli import compose
from crab.config.section import Section

ROOT = Path(__file__).parents[1]
CONF = ROOT / "conf"
Kind = TypeVar("Kind", bound=Section)


def from_conf(kind: type[Kind], group: str, option: str, **changes: Any) -> Kind:
    """The section that `group=option` gives, with changes merged in; `random_seed` is 0."""
    return kind.model_validate(_merged(_composed(group, option), changes))


@cache
def _composed(group: str, option: str) -> dict[str, Any]:
    text = compose.composed(ROOT, [f"{group}={option}"], whole=False)
    section: dict[str, Any] = YAML(typ="safe").load(text)[group]
    return section


def _merged(values: Any, changes: Any) -> Any:
    """Mappings key by key, anything else replaced."""
    if not isinstance(values, dict) or not isinstance(changes, dict):
        return changes
    return values | {key: _merged(values.get(key), change) for key, change in changes.items()}

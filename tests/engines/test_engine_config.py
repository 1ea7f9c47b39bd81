"""The `engine` section: one engine's values, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from crab.config import section
from crab.config.engine import EngineConfig
from crab.core.errors import ConfigError

CONF = Path(__file__).parents[2] / "conf" / "engine"


def values(name: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((CONF / f"{name}.yaml").read_text())
    return found


@pytest.mark.parametrize("file", sorted(CONF.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_engine_file_is_sound(file: Path) -> None:
    assert section.load("engine", EngineConfig, {"engine": values(file.stem)}).name == file.stem


def test_an_engine_needs_its_own_values() -> None:
    with pytest.raises(ConfigError, match="found none"):
        section.load("engine", EngineConfig, {"engine": {"name": "vllm"}})
    with pytest.raises(ConfigError, match="found transformers and vllm"):
        section.load("engine", EngineConfig, {"engine": values("vllm") | values("transformers")})

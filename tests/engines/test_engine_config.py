"""The `engine` section: one engine's values, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from crab.cli import compose
from crab.config import section
from crab.config.engine import EngineConfig
from crab.core.errors import ConfigError

ROOT = Path(__file__).parents[2]
OPTIONS = sorted(file.stem for file in (ROOT / "conf" / "engine").glob("*.yaml"))


def values(option: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(compose.composed(ROOT, [f"engine={option}"]))["engine"]
    return found


@pytest.mark.parametrize("option", OPTIONS)
def test_every_engine_file_is_sound_and_changes_no_text(option: str) -> None:
    config = section.load("engine", EngineConfig, {"engine": values(option)})
    assert config.name == option.partition("_")[0]
    assert config.identity() == {}


def test_an_engine_needs_its_own_values() -> None:
    with pytest.raises(ConfigError, match="found none"):
        section.load("engine", EngineConfig, {"engine": {"name": "vllm"}})
    with pytest.raises(ConfigError, match="found transformers and vllm"):
        section.load("engine", EngineConfig, {"engine": values("vllm") | values("transformers")})


def test_a_worker_is_an_engine_that_works() -> None:
    found = values("ray")
    found["ray"]["worker"] = values("replay")
    with pytest.raises(ConfigError, match="cannot hold the engine 'replay'"):
        section.load("engine", EngineConfig, {"engine": found})


@pytest.mark.parametrize(
    ("address", "sound"), [(None, True), ("auto", True), ("head:6379", True), ("ray://h:1", False)]
)
def test_a_cluster_is_named_by_host_and_port(address: str | None, sound: bool) -> None:
    found = values("ray")
    found["ray"]["address"] = address
    assert bool(section.problems_in("engine", EngineConfig, found)) is not sound


def test_no_credentials_in_an_address() -> None:
    found = values("openai")
    found["openai"]["base_url"] = "https://user:secret@host/v1"
    with pytest.raises(ConfigError, match="base_url"):
        section.load("engine", EngineConfig, {"engine": found})


def test_what_changes_the_text_is_part_of_the_identity() -> None:
    found = values("ray")
    found["ray"]["worker"]["vllm"] |= {"quantization": "fp8", "adapter": "models/lora"}
    config = section.load("engine", EngineConfig, {"engine": found})
    assert config.identity() == {"quantization": "fp8", "adapter": "models/lora"}

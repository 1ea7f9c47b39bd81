"""A base model of some 30,000 parameters, built once by the real code, and rows to train it on."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from crab.config.base import BaseConfig
from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.launch import LaunchConfig
from crab.config.model import ModelConfig
from crab.config.sft import SftConfig
from crab.core.records import PreferencePair, Seed, TrainingRow
from crab.data import digest

CONF = Path(__file__).parents[2] / "conf"
WORDS = [
    "harbour", "boats", "quiet", "market", "bread", "salt", "gulls", "roofs", "warm", "rain", "narrow", "streets",
    "baker", "sailors", "storms", "evening",
]  # fmt: skip


def compose(**overrides: Any) -> dict[str, Any]:
    """The shipped sections at test size; `model__lora=...` overrides `model.lora`."""
    digest.register(CONF.parent)
    params = OmegaConf.create({"random_seed": 0, "compute": {"threads": 1, "device": "cpu"}})
    files = {"model": "tiny", "base": "default", "sft": "default", "dpo": "default", "launch": "local"}
    for name, file in files.items():
        params[name] = OmegaConf.load(CONF / name / f"{file}.yaml")
    size = {"hidden_size": 32, "num_layers": 2, "num_heads": 2, "num_kv_heads": 2, "intermediate_size": 64}
    small = {f"model.base.{key}": value for key, value in size.items()} | {"model.base.vocabulary_size": 400}
    for key, value in {**small, "base.epochs": 1, "sft.epochs": 1, "dpo.epochs": 1}.items():
        OmegaConf.update(params, key, value)
    for key, value in overrides.items():
        OmegaConf.update(params, key.replace("__", "."), value)
    resolved: Any = OmegaConf.to_container(params, resolve=True)
    return resolved


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device")


class Setup:
    """Typed sections for one test."""

    def __init__(self, **overrides: Any) -> None:
        params = compose(**overrides)
        self.model = ModelConfig.model_validate(params["model"])
        self.base = BaseConfig.model_validate(params["base"])
        self.sft = SftConfig.model_validate(params["sft"])
        self.dpo = DpoConfig.model_validate(params["dpo"])
        self.compute = ComputeConfig.model_validate(params["compute"])
        self.launch = LaunchConfig.model_validate(params["launch"])


@pytest.fixture(scope="session")
def setup() -> type[Setup]:
    return Setup


def _sentence(rng: random.Random, low: int = 3, high: int = 9) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high))).capitalize() + "."


@pytest.fixture(scope="session")
def seeds() -> list[Seed]:
    rng = random.Random(0)
    return [
        Seed(str(number), "test", f"Write about the {rng.choice(WORDS)}", _sentence(rng, 4, 25), "en")
        for number in range(120)
    ]


@pytest.fixture(scope="session")
def rows() -> Callable[..., list[TrainingRow]]:
    def make(count: int, task: Any = "forward", seed: int = 0, words: tuple[int, int] = (3, 20)) -> list[TrainingRow]:
        rng = random.Random(f"{task} {seed}")
        return [
            TrainingRow(
                [{"role": "user", "content": _sentence(rng)}],
                [{"role": "assistant", "content": _sentence(rng, *words)}],
                task,
                1.0,
                (),
                str(number),
            )
            for number in range(count)
        ]

    return make


@pytest.fixture(scope="session")
def pairs() -> list[PreferencePair]:
    rng = random.Random(1)
    return [
        PreferencePair(
            [{"role": "user", "content": _sentence(rng)}],
            [{"role": "assistant", "content": "Harbour " + _sentence(rng)}],
            [{"role": "assistant", "content": "Storms " + _sentence(rng)}],
            ("start_end:starts",),
            "witness",
            str(number),
        )
        for number in range(48)
    ]


@pytest.fixture(scope="session")
def base(setup: type[Setup], seeds: list[Seed], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """models/base, as the stage makes it."""
    from crab.training import base as training

    place = tmp_path_factory.mktemp("base")
    config = setup()
    training.build(
        seeds, config.base, config.model, config.compute, place, config.launch.save_seconds, place / "model",
        lambda *_: None,
    )  # fmt: skip
    return place / "model"

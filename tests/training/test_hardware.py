from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crab.config.model import MemoryConfig
from crab.core.errors import ResourceError
from crab.training import hardware

CONF = Path(__file__).parents[2] / "conf" / "model"


def big(setup: Any, **over: Any) -> Any:
    return setup(
        model__name="mistral7b", model__about__memory_gb__full=128.0, model__about__memory_gb__lora=24.0, **over
    )


def test_enough_memory_passes(setup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "memory_gb", lambda *_: 128.0)
    config = big(setup)
    hardware.require(config.model, config.compute, "training")


def test_too_little_says_needed_found_and_choices(setup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONF.parents[1])
    monkeypatch.setattr(hardware, "memory_gb", lambda *_: 26.0)
    config = big(setup)
    with pytest.raises(ResourceError) as error:
        hardware.require(config.model, config.compute, "training")
    message = str(error.value)
    assert "[model] mistral7b" in message
    assert "training needs about 128 GB" in message
    assert "26.0 GB of free memory (no GPU is used)" in message
    assert "choose model=mistral7b_lora or model=" in message
    assert "model=tiny" in message
    assert "model=llama3_8b" not in message


def test_gpus_that_share_the_weights_ask_for_less_each(setup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "memory_gb", lambda *_: 26.0)
    config = big(setup, model__about__parameters=7_248_023_552)
    with pytest.raises(ResourceError, match=r"needs about 27 GB on each of 8 GPUs, and this machine has 26.0 GB"):
        hardware.require(config.model, config.compute, "training", 8)
    hardware.require(config.model, config.compute, "training", 16)
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("WORLD_SIZE", "16")
    hardware.require(config.model, config.compute, "training")


def test_adapters_ask_for_less(setup: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "memory_gb", lambda *_: 23.0)
    config = big(setup, model__lora={"r": 1, "alpha": 1, "dropout": 0.0, "target_modules": ["q_proj"]})
    with pytest.raises(ResourceError, match=r"with adapters \(LoRA\) needs about 24 GB"):
        hardware.require(config.model, config.compute, "training")


def test_a_container_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(hardware, "_CGROUP_LIMIT", limit)
    limit.write_text("max\n")
    free = hardware.memory_gb("cpu")
    assert 0 < free < 1e5
    limit.write_text("1000000\n")
    assert hardware.memory_gb("cpu") == 0.001


def test_every_purpose_has_its_figure() -> None:
    memory = MemoryConfig(full=3.0, lora=2.0, inference=1.0)
    assert hardware.needed_gb(memory, "training", adapters=False) == 3
    assert hardware.needed_gb(memory, "training", adapters=True) == 2
    assert hardware.needed_gb(memory, "inference", adapters=True) == 1


def test_a_gpu_that_is_not_there(setup: Any) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    config = setup(compute__device="cuda")
    with pytest.raises(ResourceError, match="torch sees no GPU"):
        hardware.require(config.model, config.compute, "training")

"""A table of the model configurations: what each asks for, and whether this machine has it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crab.training.runtime import Device

TITLES = ("model=", "trains", "GB training", "GB answering", "here", "install", "access")


def rows(root: Path) -> Iterator[tuple[str, ...]]:
    """One row a file of conf/model, the least demanding first.

    Raises:
        ConfigError: A file cannot be composed.
    """
    from ruamel.yaml import YAML

    from crab.cli import compose
    from crab.config.model import ModelConfig
    from crab.config.section import load
    from crab.training import hardware

    device: Device = "cuda" if _cuda() else "cpu"
    found = hardware.memory_gb(device)
    models = []
    for name in sorted(file.stem for file in (root / "conf/model").glob("*.yaml")):
        params = YAML(typ="safe").load(compose.composed(root, [f"model={name}"], whole=False))
        model = load("model", ModelConfig, params)
        models.append((hardware.needed_gb(model.about.memory_gb, "training", model.lora is not None), name, model))
    for needed, name, model in sorted(models, key=lambda one: one[:2]):
        answering = model.about.memory_gb.inference
        quantised = model.lora is not None and model.lora.quantisation is not None
        trainable = needed <= found and (device == "cuda" or not quantised)
        here = "trains" if trainable else "answers only" if answering <= found else "does not fit"
        install = "make run EXTRA=gpu" if model.precision == "bf16" else "make run"
        if quantised:
            install += ", and the extra `qlora`"
        access = model.about.access.partition(".")[0].partition(";")[0] or "-"
        trains = f"{_size(model.about.parameters)}, {'all weights' if model.lora is None else 'adapters'}"
        yield name, trains, f"{needed:g}", f"{answering:g}", here, install, access


def lines(table: list[tuple[str, ...]]) -> Iterator[str]:
    """The table in columns."""
    widths = [max(map(len, column)) for column in zip(TITLES, *table, strict=True)]
    for row in (TITLES, *table):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _size(parameters: int) -> str:
    return f"{parameters / 1e9:.1f}B" if parameters >= 5e7 else f"{parameters / 1e6:.1f}M"


def _cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())

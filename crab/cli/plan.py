"""`crab plan`: what an experiment's training takes, before anything is loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from crab.cli import compose
from crab.config.dpo import DpoConfig
from crab.config.general import GeneralConfig
from crab.config.launch import LaunchConfig
from crab.config.mix import MixConfig
from crab.config.model import ModelConfig
from crab.config.section import load, read_params
from crab.config.sft import SftConfig
from crab.core.errors import CrabError, Problem
from crab.training import plan
from crab.training.plan import GPUS, Phase

ULTRAFEEDBACK_PAIRS = 59_556
"""`train_samples` of THU-KEG/Mistral-Crab-DPO's train_results.json, of the data set's 61,135 pairs."""
USUAL_SHARE_OF_PAIRS = 0.79
"""Prompts that gave an on-policy pair in the default run; the others were ties."""


def show(root: Path, overrides: Sequence[str], gpu: str, count: int | None, tokens: int, utilisation: float) -> None:
    """Print the plan of the experiment that the overrides make.

    Raises:
        CrabError: The values cannot work, or the GPU is unknown.
    """
    if gpu not in GPUS:
        raise CrabError(Problem("--gpu", f"unknown: {gpu!r}", f"known: {', '.join(GPUS)}"))
    params = YAML(typ="safe").load(compose.composed(root, overrides, whole=False))
    model, launch = load("model", ModelConfig, params), load("launch", LaunchConfig, params)
    processes = count or launch.processes
    phases = _phases(root, params, model, tokens)
    table = Table(box=box.SIMPLE, header_style="bold")
    for title in ("stage", "rows", "epochs", "tokens", "sequences", "batch", "steps", f"hours on {processes} x {gpu}"):
        table.add_column(title, justify="left" if title in ("stage", "rows") else "right", no_wrap=title == "rows")
    for phase in phases:
        shown = " + ".join(f"{number:,} {task}" for task, number in phase.rows.items() if number)
        total = sum(phase.rows.values())
        table.add_row(
            phase.name,
            f"{shown} = {total:,}" if "+" in shown else shown,
            str(phase.epochs),
            f"{phase.tokens / 1e6:,.1f}M",
            f"{phase.sequences:,}",
            str(phase.step_sequences),
            f"{phase.steps:,}",
            f"{phase.hours(GPUS[gpu], processes, utilisation):,.2g}",
        )
    console = Console()
    console.width = max(console.width, 130)
    console.print(f"{params['name']}: {model.name}, {model.about.parameters:,} parameters, launch={launch.name}")
    console.print(table)
    # The number of GPUs asked about may be another one than the launch's.
    needed = plan.memory_gb(model, launch.model_copy(update={"processes": processes}))
    way = "use QLoRA, or a smaller model" if model.lora else "share the weights (launch=fsdp), or use LoRA"
    fits = "fits" if needed <= GPUS[gpu].memory_gb else f"does not fit: {way}"
    console.print(f"memory: about {needed:.0f} GB on each GPU; {gpu} has {GPUS[gpu].memory_gb:.0f} GB: {fits}")
    console.print(
        f"assumed: {tokens:,} tokens a row, {utilisation:.0%} of the GPU's bf16 peak (measure your own: "
        "tokens_per_second in MLflow); generation and teacher calls are not counted (python -m crab teacher estimate)",
        soft_wrap=True,
    )


def _phases(root: Path, params: dict[str, Any], model: ModelConfig, tokens: int) -> list[Phase]:
    mix, config = load("mix", MixConfig, params), load("dpo", DpoConfig, params)
    records = _records(root, params)
    try:
        first = plan.sft(
            load("sft", SftConfig, params), mix, load("general", GeneralConfig, params), model, records, tokens
        )
    except ValueError as error:
        raise CrabError(Problem("crab plan", str(error), "run the first stages, or set mix.max_records")) from None
    return [first, plan.dpo(config, model, _preference_rows(config), tokens)]


def _preference_rows(config: DpoConfig) -> int:
    """Pairs, samples of an epoch, or answers to fine-tune on: what the algorithm trains on."""
    if config.algorithm == "grpo":
        return config.prompts * config.samples_per_prompt
    rows = {
        "onpolicy": round(config.prompts * USUAL_SHARE_OF_PAIRS),
        "witness": config.prompts,
        "ultrafeedback": ULTRAFEEDBACK_PAIRS,
        "files": config.prompts,  # nobody knows before they are read
    }[config.source]
    if config.pairs is not None and config.pairs.limit is not None:
        rows = min(config.pairs.limit, rows)
    return rows


def _records(root: Path, params: dict[str, Any]) -> int | None:
    """Verified training records of the present run, where the plan is for the same seeds; None otherwise."""
    file = root / "results" / "verify.json"
    if not file.exists() or read_params(root / "params.yaml").get("seed") != params["seed"]:
        return None
    found = json.loads(file.read_text(encoding="utf-8")).get("records", {}).get("train")
    return found if isinstance(found, int) else None

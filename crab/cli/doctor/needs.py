"""What a configuration needs of this machine: sound values, memory, disk, packages, keys, files, access."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crab.cli.doctor import stores
from crab.cli.doctor.findings import Finding
from crab.cli.doctor.packages import OPTIONAL, installed

ENGINES = ("transformers", "vllm", "openai", "ray", "replay")
FILES = ("path", "file", "folder", "nltk_data", "start")
"""Keys whose values name files or folders, relative to the main checkout."""


def read(root: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """The values: params.yaml as it lies, or what conf/ composes to with these overrides.

    Raises:
        ConfigError: They cannot be read or composed.
    """
    from crab.config.section import PARAMS, read_params

    if not overrides:
        return read_params(root / PARAMS)
    from ruamel.yaml import YAML

    from crab.cli import compose

    composed: dict[str, Any] = YAML(typ="safe").load(compose.composed(root, overrides, whole=False))
    return composed


def values(params: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with the values themselves."""
    from crab import experiment

    problems = experiment.validate(params)
    yield from (Finding("problem", problem.where, problem.found, problem.fix) for problem in problems)
    if not problems:
        yield Finding("ok", "values", f"{params['name']}: every value of the configuration can work")


def memory(params: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether this machine can train the model.

    Raises:
        CrabError: It cannot, with choices that fit.
    """
    from crab.config.compute import ComputeConfig
    from crab.config.launch import LaunchConfig
    from crab.config.model import ModelConfig
    from crab.config.section import load
    from crab.training import hardware

    model, launch = load("model", ModelConfig, dict(params)), load("launch", LaunchConfig, dict(params))
    hardware.require(model, load("compute", ComputeConfig, dict(params)), "training", launch.sharing)
    needed = hardware.training_gb(model, launch.sharing)
    yield Finding("ok", "memory", f"training {model.name} asks for {needed:.0f} GB, and it is there")


def disk(root: Path, params: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether the disks have room for a run from scratch."""
    from huggingface_hub.constants import HF_HUB_CACHE

    from crab.cli.doctor import demand
    from crab.config.model import ModelConfig
    from crab.config.section import load

    asked = demand.disk(load("model", ModelConfig, dict(params)))
    wanted = {stores.cache(root): asked.cache, root / ".work": asked.work, Path(HF_HUB_CACHE): asked.download}
    by_disk: dict[int, list[tuple[Path, float]]] = defaultdict(list)
    for folder, gb in wanted.items():
        place = stores.existing(folder)
        by_disk[place.stat().st_dev].append((place, gb))
    for places in by_disk.values():
        needed = sum(gb for _, gb in places)
        free = shutil.disk_usage(places[0][0]).free / 1e9
        said = f"a run from scratch takes about {needed:.1f} GB (estimated), {free:.1f} GB are free at {places[0][0]}"
        yield Finding("ok", "disk", said) if needed <= free else Finding("problem", "disk", said, stores.GC)


def engines(params: Mapping[str, Any]) -> Iterator[Finding]:
    """Packages and keys of the engines that are named; a key's value is looked at by nobody."""
    for where, engine in _engines(params, ""):
        name = engine["name"]
        if name in OPTIONAL:
            distributions, _, mend = OPTIONAL[name]
            if not any(installed(one) for one in distributions):
                yield Finding("problem", where, f"{name} is not installed", mend)
        own = engine.get(name)
        variable = own.get("key_env") if isinstance(own, Mapping) else None
        if variable and not os.environ.get(variable):
            yield Finding("problem", where, f"the environment variable {variable} is not set", f"export {variable}=...")
        elif variable:
            yield Finding("ok", where, f"{variable} is set")


def files(root: Path, params: Mapping[str, Any]) -> Iterator[Finding]:
    """Files that the values name and that are not there."""
    for where, name in _files(params, ""):
        path = Path(name).expanduser()
        if not (root / path).exists():
            yield Finding("problem", where, f"no such file or folder: {name}", "relative paths start at the checkout")


def access(params: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether a hub model is here already, or what it takes to have it."""
    from huggingface_hub import constants, get_token, try_to_load_from_cache

    from crab.config.model import ModelConfig
    from crab.config.section import load

    model = load("model", ModelConfig, dict(params))
    name, revision = model.base.hub_id, model.base.revision
    if name is None:
        return
    if isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str):
        yield Finding("ok", "base model", f"{name} is in the hub's cache on this machine")
    elif constants.HF_HUB_OFFLINE:
        fix = f"unset HF_HUB_OFFLINE, or bring a cache made by `hf download {name}`"
        yield Finding("problem", "base model", f"{name} is not here, and HF_HUB_OFFLINE is set", fix)
    elif model.about.access.startswith("Open") or get_token():
        yield Finding("ok", "base model", f"{name} is downloaded on first use. {model.about.access}")
    else:
        yield Finding("warning", "base model", f"{name}: {model.about.access}", "hf auth login, or export HF_TOKEN=...")


def _engines(value: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        if value.get("name") in ENGINES and value["name"] in value:
            yield where, value
        for key, inner in value.items():
            yield from _engines(inner, f"{where}.{key}" if where else str(key))


def _files(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        place = f"{where}.{key}" if where else str(key)
        if key in FILES or place.endswith("contamination.prompts"):
            names = [inner] if isinstance(inner, str) else inner
            yield from ((place, name) for name in names or () if isinstance(name, str) and name)
        yield from _files(inner, place)

"""From `conf/` to `params.yaml`, byte for byte as `dvc exp run` does it, and checked, which DVC does not do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML

from crab import experiment
from crab.config.section import PARAMS
from crab.core import io
from crab.core.errors import ConfigError, Problem
from crab.tracking.identity import git

_INTERNALS = ("full_key:", "object_type=", "reference_type=")
"""Beginnings of lines that name OmegaConf's types to its developers."""
MEND = "run `python -m crab compose` and commit params.yaml with conf/"


def composed(root: Path, overrides: Sequence[str] = (), whole: bool = True) -> str:
    """The text of `params.yaml` that `conf/` and the overrides make.

    Args:
        root: The checkout.
        overrides: As `dvc exp run -S` takes them.
        whole: Every value must be there and work; otherwise whoever reads a section checks it.

    Raises:
        ConfigError: Hydra cannot compose them, or the values cannot work; with every problem found.
    """
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    _load_resolvers(root / "conf")
    try:
        with initialize_config_dir(str(root / "conf"), version_base=None):
            config = compose("config", overrides=list(overrides))
        missing = sorted(OmegaConf.missing_keys(config))
        if missing and whole:
            raise ConfigError(
                [Problem("conf", f"{key} is mandatory and not set", f"override {key}=...") for key in missing]
            )
        OmegaConf.resolve(config)
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(Problem("conf", _message(error))) from None
    text = OmegaConf.to_yaml(config)
    if whole and (problems := experiment.validate(YAML(typ="safe").load(text))):
        raise ConfigError(problems)
    return text


def write(root: Path, overrides: Sequence[str] = ()) -> bool:
    """Write `params.yaml`; returns whether it changed."""
    text = composed(root, overrides)
    path = root / PARAMS
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    with io.replacing(path) as file:
        file.write(text)
    return True


def check(root: Path) -> None:
    """Compare `conf/` with the `params.yaml` in git: `dvc exp run -S` changes the file rightly.

    Raises:
        ConfigError: They are not in step.
    """
    text = composed(root)
    staged = git("show", f":{PARAMS}", folder=root)
    path = root / PARAMS
    found = staged or (path.read_text(encoding="utf-8") if path.exists() else "")
    if not found:
        raise ConfigError(Problem(str(PARAMS), "no such file", MEND))
    if found != text:
        raise ConfigError([Problem(str(PARAMS), line, MEND) for line in _differences(found, text)])


def _load_resolvers(conf: Path) -> None:
    """Let Hydra find `conf/hydra_plugins`, as DVC does with its option `hydra.plugins_path`."""
    from hydra.core.plugins import Plugins

    sys.path.append(str(conf))
    try:
        Plugins.instance()
    finally:
        sys.path.remove(str(conf))


def _message(error: Exception) -> str:
    """Hydra's own words, with those of its cause, which names the key."""
    parts = [str(error).strip()]
    if error.__cause__ is not None and str(error.__cause__).strip() not in parts[0]:
        parts.append(str(error.__cause__).strip())
    return "\n".join(line for line in "\n".join(parts).splitlines() if not line.strip().startswith(_INTERNALS))


def _differences(found: str, expected: str) -> list[str]:
    from crab.tracking.rows import parameters

    yaml = YAML(typ="safe")
    old, new = parameters(yaml.load(found) or {}), parameters(yaml.load(expected) or {})
    lines = [f"{key} is {old[key]!r}, conf/ says {new[key]!r}" for key in old if key in new and old[key] != new[key]]
    lines += [f"{key} is not in conf/" for key in old if key not in new]
    lines += [f"{key} = {new[key]!r} is missing" for key in new if key not in old]
    return lines or ["is written differently"]

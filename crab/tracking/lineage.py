"""What `dvc.lock` says: which content went into each stage and came out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

LOCK = Path("dvc.lock")


def read(text: str) -> dict[str, Any]:
    """Stage -> its entry in the lock file; empty where there is none, or while it is not whole."""
    try:
        lock = YAML(typ="safe").load(text) or {}
    except YAMLError:
        return {}
    stages: dict[str, Any] = lock.get("stages") or {}
    return stages


def of_workspace() -> dict[str, Any]:
    """Stage -> its entry in the workspace's lock file."""
    return read(LOCK.read_text(encoding="utf-8")) if LOCK.exists() else {}


def outputs(lock: dict[str, Any], stage: str) -> dict[str, str]:
    """Path -> content hash of what a stage wrote."""
    return {out["path"]: out["md5"] for out in lock.get(stage, {}).get("outs", []) if "md5" in out}


def inputs(lock: dict[str, Any], dvc_yaml: dict[str, Any], stage: str) -> dict[str, str]:
    """Path -> content hash of the stage's inputs that other stages wrote."""
    made = {path: md5 for other in lock for path, md5 in outputs(lock, other).items()}
    declared = (dvc_yaml.get("stages") or {}).get(stage, {}).get("deps") or []
    return {path: made[path] for path in declared if path in made}

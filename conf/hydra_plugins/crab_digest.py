"""Registers the resolver `${digest:PATHS}`, a hash of files' content, wherever Hydra composes `conf/`.

DVC puts `hydra.plugins_path` (set to `conf` in .dvc/config) on the path and lets Hydra import every module of the
namespace package `hydra_plugins`; that import is all that is needed. The work is done in `crab/data/digest.py`, loaded
by its path: DVC may run in an environment where `crab` is not importable, or is another checkout's.
"""

from __future__ import annotations

import runpy
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def register() -> None:
    """Make `${digest:...}` known to OmegaConf."""
    runpy.run_path(str(_ROOT / "crab" / "data" / "digest.py"))["register"](_ROOT)


register()

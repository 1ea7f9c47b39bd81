"""Registers the resolver `${frozen:FOLDER}`, which keeps models under content hashes, where Hydra composes `conf/`.

See `crab_digest.py` for how it is found; the work is done in `crab/synthesis/frozen.py`.
"""

from __future__ import annotations

import runpy
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def register() -> None:
    """Make `${frozen:...}` known to OmegaConf."""
    runpy.run_path(str(_ROOT / "crab" / "synthesis" / "frozen.py"))["register"](_ROOT)


register()

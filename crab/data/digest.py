"""A hash of input files for `params.yaml`: how DVC learns that a file outside the project has changed.

`conf/seed/*.yaml` says `digest: ${digest:${seed.path}}`. DVC finds the resolver through `conf/hydra_plugins/` (see
there), our own compose command calls `register` itself. This module is loaded by its path there, so it may
import nothing of the project.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

MISSING = "missing"
NONE = "none"


def digest(names: Any, root: Path) -> str:
    """Hash the content of one file or several, in order; relative paths start at `root`.

    Args:
        names: A path, a list of paths, or None.
        root: The main checkout.

    Returns:
        32 hexadecimal digits; `missing` if a file is not there or not readable, `none` if none is named.
    """
    listed = _listed(names)
    if not listed:
        return NONE
    total = hashlib.sha256()
    for name in listed:
        path = root / Path(name).expanduser()
        try:
            files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
            for file in files:
                with open(file, "rb") as content:
                    total.update(hashlib.file_digest(content, "sha256").digest())
        except OSError:
            return MISSING
    return total.hexdigest()[:32]


def register(root: Path) -> None:
    """Make `${digest:...}` known to OmegaConf; `root` may be one of DVC's temporary snapshots."""
    from omegaconf import OmegaConf

    main = Path(str(root.resolve()).split(os.sep + os.path.join(".dvc", "tmp", "exps") + os.sep)[0])
    OmegaConf.register_new_resolver("digest", partial(digest, root=main), replace=True)


def _listed(names: Any) -> list[str]:
    if names is None or names == "":
        return []
    if isinstance(names, str):
        return [names]
    return [str(name) for name in names] if isinstance(names, Iterable) else [str(names)]

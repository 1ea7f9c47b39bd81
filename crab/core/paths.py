"""Where things lie: the workspace that a stage runs in, and the main checkout behind it.

`dvc exp run --temp` and `--queue` run a snapshot under `.dvc/tmp/exps/` that is deleted afterwards. What must
outlive a run (work folders, the tracking store) belongs to the main checkout; what a stage reads and writes
as its dependencies and outputs is relative to the workspace.
"""

from __future__ import annotations

import os
from pathlib import Path

from crab.core.errors import CrabError, Problem

_SNAPSHOTS = os.sep + os.path.join(".dvc", "tmp", "exps") + os.sep


def workspace() -> Path:
    """The checkout or snapshot that this process works in."""
    return Path.cwd()


def main_checkout() -> Path:
    """The user's checkout, also from inside one of DVC's temporary snapshots.

    Raises:
        CrabError: The current folder is not in a DVC repository.
    """
    # DVC_ROOT has been seen to name the snapshot, so its tail is cut in any case.
    for candidate in (os.environ.get("CRAB_ROOT"), os.environ.get("DVC_ROOT"), os.getcwd()):
        if not candidate:
            continue
        path = Path((os.path.realpath(candidate) + os.sep).split(_SNAPSHOTS)[0])
        for folder in (path, *path.parents):
            if (folder / ".dvc").is_dir():
                return folder
    raise CrabError(Problem(os.getcwd(), "not inside a DVC repository", "go to the project's folder, or set CRAB_ROOT"))


def from_main_checkout(path: str) -> Path:
    """A path from a config: absolute as it is, relative to the main checkout otherwise."""
    expanded = Path(path).expanduser()
    return expanded if expanded.is_absolute() else main_checkout() / expanded


def work_root() -> Path:
    """`.work/` of the main checkout: unfinished work, caches and journals; never a DVC output."""
    return main_checkout() / ".work"

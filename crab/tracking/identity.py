"""Which experiment a process works for: the code, the parameters, and the name that DVC gave it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCES = ("crab", "stages", "dvc.yaml", "versions.txt")
"""What decides results beside `params.yaml` and the data."""
BESIDE = ("crab/tracking/", "crab/cli/", "crab/report/", "crab/release/")
"""Code that cannot change a result."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One row of the comparison: this code with these parameters under this name."""

    key: str
    """`<commit>.<code>/<name>/<params>`, each a short hash but the name; equal for equal experiments."""
    name: str
    """DVC's experiment name; `name` of `params.yaml` where the pipeline runs outside of `dvc exp run`."""
    family: str
    commit: str
    """The commit that the work tree stands on; empty before the first commit."""
    dirty: bool
    """Whether the sources differ from that commit."""


def current(params: dict[str, Any], workspace: Path = Path()) -> Experiment:
    """The experiment of the running process."""
    commit = git("rev-parse", "--verify", "--quiet", "HEAD", folder=workspace).strip()
    sources = in_work_tree(workspace)
    committed = in_commit(commit, workspace) if commit else {}
    return identify(
        commit=commit,
        sources=sources,
        dirty=sources != committed,
        params=params,
        params_text=(workspace / "params.yaml").read_bytes(),
        dvc_name=os.environ.get("DVC_EXP_NAME", ""),
    )


def identify(
    commit: str, sources: dict[str, str], dirty: bool, params: dict[str, Any], params_text: bytes, dvc_name: str
) -> Experiment:
    """The experiment that these sources and parameters make, whether they lie in a work tree or in a commit."""
    code = hashlib.sha256("\n".join(f"{path} {blob}" for path, blob in sorted(sources.items())).encode()).hexdigest()
    track = params.get("track")
    return Experiment(
        key="/".join(
            [
                f"{commit[:8] or 'uncommitted'}.{code[:8]}",
                dvc_name.replace("'", "") or "workspace",  # a quote would end MLflow's search string
                hashlib.sha256(params_text).hexdigest()[:8],
            ]
        ),
        name=dvc_name or str(params.get("name", "experiment")),
        family=str(track.get("family") or "") if isinstance(track, dict) else "",
        commit=commit,
        dirty=dirty,
    )


def in_commit(revision: str, repository: Path = Path()) -> dict[str, str]:
    """Path -> blob hash of every source file in a commit."""
    listing = git("ls-tree", "-r", "-z", revision, "--", *SOURCES, folder=repository)
    pairs = (entry.partition("\t") for entry in listing.split("\0") if entry)
    return dict(_that_count((path, meta.split()[2]) for meta, _, path in pairs))


def git(*arguments: str, folder: Path = Path()) -> str:
    """Output of a git command; empty where it fails, as without a commit or without git."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def in_work_tree(workspace: Path) -> dict[str, str]:
    files = [file for name in SOURCES for file in [workspace / name, *(workspace / name).rglob("*")] if file.is_file()]
    return dict(_that_count((file.relative_to(workspace).as_posix(), _blob(file.read_bytes())) for file in files))


def _that_count(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((path, blob) for path, blob in pairs if "__pycache__" not in path and not path.startswith(BESIDE))


def _blob(content: bytes) -> str:
    """Git's name for a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

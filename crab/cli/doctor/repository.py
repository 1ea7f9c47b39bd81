"""The repository: a commit, git's identity, and params.yaml in step with conf/."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from crab.cli.doctor.findings import Finding


def commits(root: Path) -> Iterator[Finding]:
    """What `dvc exp run` and queued runs need of git; `dvc repro` runs without.

    Raises:
        CrabError: With everything that is missing.
    """
    if shutil.which("git") is None:
        yield Finding("warning", "git", "is not installed", "install git: rows and experiments carry commits")
        return
    from crab.cli import queue
    from crab.tracking.identity import git

    queue.check_ready(root)
    yield Finding("ok", "git", f"commit {git('rev-parse', '--short=12', 'HEAD', folder=root).strip()}, identity set")


def in_step(root: Path) -> Iterator[Finding]:
    """Whether the params.yaml that is committed is what conf/ composes to.

    Raises:
        ConfigError: It is not.
    """
    from crab.cli import compose

    compose.check(root)
    yield Finding("ok", "params.yaml", "in step with conf/")

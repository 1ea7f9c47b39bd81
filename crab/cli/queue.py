"""DVC's queue of experiments: what is in it, what has ended, and what would go wrong if something were added now."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crab.core.errors import CrabError, Problem
from crab.tracking.identity import git

MUST_BE_TRACKED = ("conf", "crab", "stages", "dvc.yaml", "params.yaml")
LAST_LINES = 6
"""Of a failed run's log: DVC's own last words are two or three of them."""
ACTIVE = ("Queued", "Running")
"""States of what has not ended."""


@dataclass(frozen=True, slots=True)
class Finished:
    """An experiment that DVC keeps in git."""

    name: str
    revision: str
    baseline: str
    """The commit that it was run on."""
    seconds: int
    """Since 1970."""


def check_ready(root: Path) -> None:
    """Refuse what would fail, or lose its source, once a snapshot is taken.

    Raises:
        CrabError: With everything that is missing.
    """
    problems = []
    if not git("rev-parse", "--verify", "--quiet", "HEAD", folder=root):
        problems.append(Problem("git", "there is no commit to queue from", "git add -A && git commit -m 'First'"))
    untracked = git("ls-files", "--others", "--exclude-standard", "--", *MUST_BE_TRACKED, folder=root).split("\n")
    if untracked := [path for path in untracked if path]:
        shown = ", ".join(untracked[:5]) + (f" and {len(untracked) - 5} more" if len(untracked) > 5 else "")
        problems.append(Problem("git", f"untracked: {shown}", "a queued run would not see them: `git add` them"))
    for key, variables in {
        "user.name": ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"),
        "user.email": ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL", "EMAIL"),
    }.items():
        if not git("config", key, folder=root).strip() and not any(os.environ.get(name) for name in variables):
            problems.append(
                Problem("git", f"{key} is not set, and each queued run is a commit", f"git config {key} ...")
            )
    if problems:
        raise CrabError(problems)


def add(root: Path, name: str, overrides: Sequence[str]) -> None:
    """Queue one experiment.

    Raises:
        CrabError: DVC refused; in its words.
    """
    settings = [part for override in overrides for part in ("-S", override)]
    dvc(root, "exp", "run", "--queue", "-n", name, *settings)


def remove(root: Path, name: str) -> None:
    """Forget a finished experiment, so that it can run again under its name."""
    dvc(root, "exp", "remove", name)


def start(root: Path, workers: int) -> None:
    """Start workers; they run on in the background until the queue is empty."""
    dvc(root, "queue", "start", "-j", str(workers))


def finished(root: Path) -> list[Finished]:
    """Every experiment that DVC keeps in git, oldest first."""
    listing = git(
        "for-each-ref",
        "--sort=committerdate",
        "--format=%(refname) %(objectname) %(committerdate:unix)",
        "refs/exps",
        folder=root,
    )
    found = []
    for line in listing.splitlines():
        reference, revision, seconds = line.split(" ")
        parts = reference.split("/")  # refs/exps/<2 digits>/<38 digits of the baseline>/<name>
        if len(parts) == 5 and len(parts[2] + parts[3]) == 40:
            found.append(Finished(parts[4], revision, parts[2] + parts[3], int(seconds)))
    return found


def states(root: Path) -> dict[str, str]:
    """Name -> `Queued`, `Running`, `Success` or `Failed`, for what the queue remembers."""
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        tasks = repo.experiments.celery_queue.status()
    newest: dict[str, tuple[str, str]] = {}
    for task in tasks:
        name, stamp = task.get("name") or task["rev"][:7], str(task.get("timestamp") or "")
        if name not in newest or stamp >= newest[name][0]:
            newest[name] = (stamp, str(task["status"]))
    return {name: state for name, (_, state) in newest.items()}


def last_words(root: Path, name: str) -> str:
    """The end of what a queued run said: its mistake, where there was one."""
    try:
        said = dvc(root, "queue", "logs", name)
    except CrabError:
        return "without a log"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return "\n    ".join(lines[-LAST_LINES:])


def dvc(root: Path, *arguments: str) -> str:
    """Run a DVC command of this environment; returns its output.

    Raises:
        CrabError: It failed; with what it said last.
    """
    # A file, because the queue's workers inherit the output: a pipe would not end before they do.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        # Somebody else may be adding to the queue at this moment.
        command = [sys.executable, "-m", "dvc", "--wait-for-lock", *arguments]
        done = subprocess.run(command, cwd=root, stdout=output, stderr=subprocess.STDOUT, check=False)
        output.seek(0)
        said = output.read()
    if done.returncode:
        lines = [line for line in said.splitlines() if line.strip()]
        raise CrabError(Problem(f"dvc {' '.join(arguments[:2])}", "\n".join(lines[-8:]) or "failed without a word"))
    return said

"""A copy of the project in a folder of its own, run by the very commands that users type."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass
class Project:
    """One checkout with its own git history, DVC cache and MLflow store."""

    path: Path

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m COMMAND` there; its output is part of the failure's message."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.path,
            env={**self.environment(), **environment},
            capture_output=True,
            text=True,
            timeout=1500,
        )
        if check and done.returncode:
            raise AssertionError(
                f"{' '.join(command)} exited {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-6000:]}"
            )
        return done

    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "MLFLOW_", "GIT_", "CRAB_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        identity = {f"GIT_{who}_{what}": "tests@crab" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return {**inherited, **identity, "PATH": path, "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}

    def commit(self, message: str) -> None:
        for command in (["git", "add", "-A"], ["git", "commit", "-qm", message]):
            subprocess.run(command, cwd=self.path, env=self.environment(), check=True)


def copy_project(target: Path) -> Project:
    """The files that git knows or would know, as they lie in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    project = Project(target)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=target, env=project.environment(), check=True)
    project.run("crab", "compose", "scale=trial")
    (target / "dvc.lock").unlink(missing_ok=True)
    project.commit("a project at trial scale")
    return project


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project at trial scale whose pipeline has run once; tests may only add to it."""
    project = copy_project(tmp_path_factory.mktemp("trial"))
    project.run("dvc", "repro")
    project.commit("first run")
    return project


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], Project]:
    """Makes projects at trial scale that have not run yet."""

    def make() -> Project:
        number = len(list(tmp_path.iterdir()))
        target = tmp_path / f"project-{number}"
        target.mkdir()
        return copy_project(target)

    return make

"""A tiny pipeline of two stages in a project of its own, run by DVC for real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

DVC_YAML = """\
stages:
  first:
    cmd: python -m stages.first
    params: [random_seed]
    outs: [data/first.txt]
    metrics: [results/first.json]
  second:
    cmd: python -m stages.second
    params: [sft.aux_weight]
    deps: [data/first.txt]
    outs: [models/second]
    metrics: [results/metrics.json]
    plots: [results/by_count.csv]
  track:
    cmd: python -m stages.track
    params:
    - params.yaml:
    deps: [results/first.json, results/metrics.json]
"""

FIRST = """\
from pathlib import Path
from crab import tracking
from crab.core import io
from crab.config.section import read_params

with tracking.start("first") as run:
    seed = read_params()["random_seed"]
    with io.replacing(Path("data/first.txt")) as file:
        file.write(f"seed {seed}")
    io.write_json(Path("results/first.json"), {"kept": 10 + seed, "rejected": {"too short": 2}})
    run.log({"kept": 10 + seed})
"""

SECOND = """\
import os, signal, time
from pathlib import Path
from crab import tracking
from crab.core import io
from crab.core.errors import DataError, Problem
from crab.config.section import read_params

with tracking.start("second", live=True) as run:
    alpha = read_params()["sft"]["aux_weight"]
    for step in range(1, 4):
        run.log_step(step, {"loss": 1 / step, "loss/reverse": alpha / step})
    match os.environ.get("TRIAL"):
        case "mistake":
            raise DataError(Problem("data/first.txt:3", "is no record", "mend it"))
        case "bug":
            raise ZeroDivisionError("a bug")
        case "full":
            with open("/dev/full", "w") as file:
                file.write("no room for this")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
    with io.replacing(Path("models/second/weights")) as file:
        file.write(f"alpha {alpha}")
    low = 0.25 + alpha / 10
    io.write_json(
        Path("results/metrics.json"),
        {"heldout": {"sft": {"prompt_strict": {"mean": low + 0.05, "low": low, "high": low + 0.1, "n": 40}}}},
    )
    with io.replacing(Path("results/by_count.csv")) as file:
        file.write(f"benchmark,model,constraints,accuracy,low,high,n\\nheldout,sft,1,{low},,,40\\n")
    run.log({"loss": 1 / 3})
"""


class Project:
    """A checkout to run commands in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *command: str, ok: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command here, as a user in a plain shell would."""
        done = subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, env=clean_environment() | environment, timeout=300
        )
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return done

    def python(self, *arguments: str, ok: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run this interpreter here."""
        return self.run(sys.executable, *arguments, ok=ok, **environment)

    def dvc(self, *arguments: str, ok: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run DVC here."""
        return self.python("-m", "dvc", *arguments, ok=ok, **environment)

    def crab(self, *arguments: str, ok: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run our own command line here."""
        return self.python("-m", "crab", *arguments, ok=ok, **environment)

    def commit(self, message: str = "A change") -> None:
        """Commit everything."""
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "-m", message)


def clean_environment() -> dict[str, str]:
    """This process's environment without what another DVC or MLflow may have left in it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "MLFLOW_", "CRAB_", "RANK", "GIT_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept | {"PATH": path, "DVC_NO_ANALYTICS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def make(root: Path) -> Project:
    """Our code and configuration with a two-stage pipeline, committed, not run yet."""
    (root / "stages").mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("crab", "conf"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    (root / "stages" / "__init__.py").touch()
    shutil.copy(ROOT / "stages" / "track.py", root / "stages" / "track.py")
    (root / "stages" / "first.py").write_text(FIRST)
    (root / "stages" / "second.py").write_text(SECOND)
    (root / "dvc.yaml").write_text(DVC_YAML)
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, root / name)
    made = Project(root)
    made.run("git", "init", "-q", "-b", "main")
    made.run("git", "config", "user.name", "A Tester")
    made.run("git", "config", "user.email", "tester@example.org")
    made.dvc("init", "-q")
    shutil.copy(ROOT / ".dvc" / "config", root / ".dvc" / "config")
    made.crab("compose")
    made.commit("The project")
    return made

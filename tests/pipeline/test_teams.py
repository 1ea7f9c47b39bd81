"""What docs/reproducibility.md says of teams, and a sweep that loses a worker and its MLflow server on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.pipeline.conftest import Project
from tests.pipeline.test_end_to_end import stages_run
from tests.tracking import toy_project

pytestmark = pytest.mark.slow

EXPERIMENT = "fewer-prompts"
METRICS = Path("results/metrics.json")


def git(project: Project, *command: str) -> str:
    done = subprocess.run(
        ["git", *command], cwd=project.path, env=project.environment(), capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("team")


@pytest.fixture(scope="module")
def first(trial: Project, place: Path) -> Project:
    """A colleague's checkout of the trial, with git and DVC remotes that others reach, and one experiment pushed."""
    ignored = shutil.ignore_patterns("mlflow.db*", "mlartifacts", ".work", "tmp")
    shutil.copytree(trial.path, place / "first", symlinks=True, ignore=ignored)
    project = Project(place / "first")
    git(project, "reset", "-q", "--hard")
    project.run("dvc", "checkout")
    project.run("dvc", "remote", "add", "-d", "team", str(place / "remote"))
    project.commit("a remote for everybody")
    git(project, "init", "-q", "--bare", "-b", "main", str(place / "hub.git"))
    git(project, "remote", "add", "origin", str(place / "hub.git"))
    git(project, "push", "-q", "-u", "origin", "main")
    project.run("dvc", "push", "--run-cache")
    ran = project.run("dvc", "exp", "run", "-n", EXPERIMENT, "-S", "scale=trial", "-S", "eval.limit=20")
    assert stages_run(ran.stdout) == ["eval", "track"]
    project.run("dvc", "exp", "push", "origin", EXPERIMENT)
    return project


def clone(place: Path, name: str) -> Project:
    environment = Project(place).environment()
    subprocess.run(["git", "clone", "-q", "hub.git", name], cwd=place, env=environment, check=True)
    return Project(place / name)


def test_a_pushed_experiment_is_had_in_a_second_clone_without_running_a_stage(first: Project, place: Path) -> None:
    second = clone(place, "second")
    second.run("dvc", "pull")
    assert EXPERIMENT in second.run("dvc", "exp", "list", "origin").stdout
    second.run("dvc", "exp", "pull", "origin", EXPERIMENT)
    second.run("dvc", "exp", "apply", EXPERIMENT)
    assert stages_run(second.run("dvc", "repro").stdout) == []
    assert (second.path / METRICS).read_bytes() == (first.path / METRICS).read_bytes()
    assert json.loads((second.path / METRICS).read_text())["heldout"]["sft"]["prompt_strict"]["n"] == 20
    assert "2 experiments" in second.run("crab", "track", "sync").stdout  # the commit's own and the pulled one


def test_the_data_made_from_scratch_are_those_of_the_remote(first: Project, place: Path) -> None:
    third = clone(place, "third")
    made = third.run("dvc", "repro", "verify")
    assert stages_run(made.stdout) == ["seed", "backtranslate", "verify"]
    assert git(third, "status", "--porcelain", "dvc.lock") == "", "its hashes differ from the committed ones"


QUESTION = """\
# Does anything get lost in a sweep of eight?
question: Does anything get lost?
vary:
  sft.aux_weight: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
"""
BEGINNING = """
    import json, pathlib, time
    marks = pathlib.Path(os.environ["DVC_ROOT"].split("/.dvc/tmp/exps")[0], ".work", "marks")
    marks.mkdir(parents=True, exist_ok=True)
    (marks / str(alpha)).touch()
    time.sleep(2)
    pathlib.Path("results/records").mkdir(parents=True, exist_ok=True)
    with io.replacing(Path("results/records/heldout.jsonl")) as file:
        for number in range(20):
            verdicts = [{"satisfied": number < 20 * alpha}]
            file.write(json.dumps({"id": str(number), "model": "sft", "verdicts": verdicts}) + "\\n")
"""
"""What the second stage does first: a mark for the test, two seconds, and answers for the family's comparison."""


@pytest.fixture
def toy(tmp_path: Path) -> toy_project.Project:
    """The toy pipeline with a family of eight."""
    project = toy_project.make(tmp_path / "toy")
    stage, graph = project.root / "stages" / "second.py", project.root / "dvc.yaml"
    stage.write_text(stage.read_text().replace("    for step in", f"{BEGINNING}    for step in", 1))
    graph.write_text(graph.read_text().replace("outs: [models/second]", "outs: [models/second, results/records]"))
    (project.root / "conf" / "family").mkdir(exist_ok=True)
    (project.root / "conf" / "family" / "sweep.yaml").write_text(QUESTION)
    project.commit("A sweep")
    return project


def test_a_sweep_survives_the_loss_of_a_worker_and_of_the_server(toy: toy_project.Project, tmp_path: Path) -> None:
    store, log = tmp_path / "server.db", tmp_path / "family.log"
    port = free_port()
    environment = toy_project.clean_environment() | {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    marks = toy.root / ".work" / "marks"
    command = [sys.executable, "-m", "crab", "family", "run", "sweep", "-j", "2"]
    with open(log, "w") as said, mlflow_server(store, port) as server:
        sweep = subprocess.Popen(command, cwd=toy.root, env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            wait(lambda: len(list(marks.glob("*"))) >= 1, sweep, log)
            kill_a_worker(toy.root)
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            wait(lambda: len(list(marks.glob("*"))) >= 4, sweep, log)
            with mlflow_server(store, port):
                assert sweep.wait(400) == 0, log.read_text()
                toy.crab("track", "sync", MLFLOW_TRACKING_URI=environment["MLFLOW_TRACKING_URI"])
        finally:
            if sweep.poll() is None:
                sweep.kill()
            end_workers(toy.root)
    assert "the worker of" in log.read_text()
    rows = query(f"sqlite:///{store}")
    assert len(rows) == 8
    assert {float(row["params"]["sft.aux_weight"]) for row in rows} == {n / 10 for n in range(1, 9)}
    assert {row["status"] for row in rows} == {"FINISHED"}
    assert len({frozenset(row["params"]) for row in rows}) == 1
    scores = {frozenset(name for name in row["metrics"] if not name.startswith("seconds/")) for row in rows}
    assert len(scores) == 1
    assert "heldout/sft/prompt_strict" in next(iter(scores))


def test_two_people_queue_at_once(toy: toy_project.Project) -> None:
    command = [sys.executable, "-m", "dvc", "--wait-for-lock", "exp", "run", "--queue"]
    people = [
        subprocess.Popen(
            [*command, "-n", name, "-S", f"random_seed={seed}"],
            cwd=toy.root,
            env=toy_project.clean_environment(),
            stdout=subprocess.DEVNULL,
        )
        for seed, name in enumerate(("hers", "his"), 1)
    ]
    assert [person.wait(200) for person in people] == [0, 0]
    queued = toy.dvc("queue", "status").stdout
    assert "hers" in queued
    assert "his" in queued


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def mlflow_server(store: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's own server, answering; killed with its workers at the end."""
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{store}", "--artifacts-destination", str(store.parent / "artifacts")]
    environment = toy_project.clean_environment() | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    with open(store.with_suffix(".log"), "ab") as said:
        server = subprocess.Popen(
            command, cwd=store.parent, env=environment, stdout=said, stderr=said, start_new_session=True
        )
    try:
        wait(lambda: answers(port), server, store.with_suffix(".log"))
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as found:
            return bool(found.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait(until: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.2)


def workers(root: Path) -> list[psutil.Process]:
    """The queue's workers, by the files that they leave."""
    found = []
    for file in sorted((root / ".dvc" / "tmp" / "exps" / "celery").glob("dvc-exp-worker-*.pid")):
        with suppress(psutil.NoSuchProcess, ValueError):
            found.append(psutil.Process(int(file.read_text())))
    return found


def kill_a_worker(root: Path) -> None:
    """kill -9 one that is at work, with everything that it started, as a machine out of memory does."""
    at_work = [worker for worker in workers(root) if worker.children()]
    assert at_work, "no worker is at work"
    for process in [at_work[0], *at_work[0].children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def end_workers(root: Path) -> None:
    for worker in workers(root):
        for process in [*worker.children(recursive=True), worker]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


QUERY = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name("crab")
found = client.search_runs([experiment.experiment_id], "tags.`crab.kind` = 'experiment'")
print(json.dumps([{"status": r.info.status, "params": r.data.params, "metrics": r.data.metrics} for r in found]))
"""


def query(store: str) -> list[dict[str, dict[str, str]]]:
    environment = toy_project.clean_environment() | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [sys.executable, "-c", QUERY, store], env=environment, capture_output=True, text=True, check=True
    )
    rows: list[dict[str, dict[str, str]]] = json.loads(done.stdout.splitlines()[-1])
    return rows

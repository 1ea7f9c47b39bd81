"""The frame around a stage, as a user meets it: run as a process, judged by its messages, status and journal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tracking.toy_project import Project, clean_environment


@pytest.fixture
def quick(project: Project) -> Project:
    """Without MLflow, whose import takes seconds."""
    project.crab("compose", "track=none")
    return project


def journal(project: Project) -> list[dict[str, object]]:
    entries = [json.loads(file.read_text()) for file in (project.root / ".work" / "journal").glob("*.json")]
    return sorted(entries, key=lambda entry: entry["started"])


def test_what_happened_is_in_the_journal(quick: Project) -> None:
    quick.python("-m", "stages.second")
    (entry,) = journal(quick)
    assert entry["stage"] == "second"
    assert entry["status"] == "finished"
    assert entry["metrics"] == {"loss": 1 / 3}
    assert entry["name"] == "default"
    assert (quick.root / ".work" / "journal" / f"{entry['id']}.steps.jsonl").read_text().count("\n") == 3


def test_a_mistake_has_a_message_and_no_traceback(quick: Project) -> None:
    done = quick.python("-m", "stages.second", ok=False, TRIAL="mistake")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["crab: stage second stopped:", "  - data/first.txt:3: is no record; mend it"]
    assert [entry["status"] for entry in journal(quick)] == ["failed"]


def test_a_bug_keeps_its_traceback(quick: Project) -> None:
    done = quick.python("-m", "stages.second", ok=False, TRIAL="bug")
    assert done.returncode == 1
    assert "ZeroDivisionError: a bug" in done.stderr
    assert [(e["status"], e["message"]) for e in journal(quick)] == [("failed", "ZeroDivisionError: a bug")]


def test_every_problem_of_the_parameters_at_once_and_nothing_started(quick: Project) -> None:
    params = quick.root / "params.yaml"
    text = params.read_text().replace("name: default", "nmae: default", 1)
    text = re.sub(r"aux_weight: \S+", "aux_weight: lots", text)
    text = re.sub(r"threads: \d+", "threads: 0", text)
    params.write_text(text)
    done = quick.python("-m", "stages.second", ok=False)
    assert done.returncode == 1
    for word in ("name is not set", "did you mean 'name'", "aux_weight = 'lots'", "threads = 0"):
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert journal(quick) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_message(quick: Project) -> None:
    done = quick.python("-m", "stages.second", ok=False, TRIAL="full")
    assert done.returncode == 1
    assert "the disk: is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert [entry["status"] for entry in journal(quick)] == ["failed"]


def test_sigterm_is_recorded(quick: Project) -> None:
    done = quick.python("-m", "stages.second", ok=False, TRIAL="terminate")
    assert done.returncode == 128 + signal.SIGTERM
    assert [entry["status"] for entry in journal(quick)] == ["killed"]


def test_sigkill_is_found_by_the_next_stage(quick: Project) -> None:
    quick.python("-m", "stages.second", ok=False, TRIAL="kill")
    assert [entry["status"] for entry in journal(quick)] == ["running"]
    quick.python("-m", "stages.first")
    assert [(entry["stage"], entry["status"]) for entry in journal(quick)] == [
        ("second", "killed"),
        ("first", "finished"),
    ]


def test_another_checkouts_code_is_refused(quick: Project, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    (snapshot / "stages").mkdir(parents=True)
    for path in ("stages/__init__.py", "stages/first.py", "params.yaml"):
        (snapshot / path).write_bytes((quick.root / path).read_bytes())
    environment = clean_environment() | {"PYTHONPATH": str(quick.root), "CRAB_ROOT": str(quick.root)}
    done = subprocess.run(
        [sys.executable, "-m", "stages.first"], cwd=snapshot, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "is not the code of the current folder" in done.stderr
    assert not (snapshot / "data").exists()


def test_a_journal_that_cannot_be_written_costs_a_warning(quick: Project) -> None:
    (quick.root / ".work").write_text("in the way")
    done = quick.python("-m", "stages.second")
    assert done.stderr.count("crab: warning:") == 1
    assert (quick.root / "models" / "second" / "weights").exists()


def test_only_the_first_of_several_processes_records(quick: Project) -> None:
    quick.python("-m", "stages.second", RANK="1")
    assert journal(quick) == []


def test_a_light_stage_loads_nothing_heavy(quick: Project) -> None:
    (quick.root / "stages" / "light.py").write_text(
        "import sys\nfrom crab import tracking\nwith tracking.start('light') as run:\n    run.log({'kept': 1})\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    quick.crab("compose")
    loaded = quick.python("-m", "stages.light").stdout
    assert "'crab'" in loaded
    for name in ("torch", "transformers", "trl", "mlflow", "dvc", "hydra", "datasets", "scipy"):
        assert f"'{name}'" not in loaded


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_a_stage_dies_with_dvc(quick: Project) -> None:
    (quick.root / "stages" / "long.py").write_text(
        "import time\nfrom crab import tracking\nwith tracking.start('long'):\n"
        "    print('started', flush=True)\n    time.sleep(60)\n"
    )
    parent = (
        "import subprocess, sys, os; "
        "child = subprocess.Popen([sys.executable, '-m', 'stages.long'], stdout=subprocess.PIPE); "
        "child.stdout.readline(); print(child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    environment = clean_environment() | {"DVC_STAGE": "long"}
    with subprocess.Popen(
        [sys.executable, "-c", parent], cwd=quick.root, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and [entry["status"] for entry in journal(quick)] != ["killed"]:
        time.sleep(0.1)
    (entry,) = journal(quick)
    assert (entry["pid"], entry["status"]) == (child, "killed")

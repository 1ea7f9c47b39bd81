"""`crab doctor` on machines that lack something: really bare, read-only, full, without a server."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from crab.cli.doctor import demand, examine, machine, models, packages, stores
from crab.cli.doctor.findings import Finding, look
from crab.config.model import ModelConfig
from crab.config.section import load
from crab.core.errors import ResourceError
from crab.training import hardware
from tests.tracking import toy_project

MIB = 2**20
pytestmark = pytest.mark.slow  # each run looks at every model configuration


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed project; each test leaves it as it was."""
    made = toy_project.make(tmp_path_factory.mktemp("doctor") / "project")
    for name in ("pyproject.toml", "versions.txt"):
        shutil.copy(toy_project.ROOT / name, made.root / name)
    made.commit("Versions")
    return made.root


@pytest.fixture(autouse=True)
def _here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setenv("CRAB_ROOT", str(root))
    for name in ("MLFLOW_TRACKING_URI", "HF_HUB_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def doctor(root: Path, capsys: pytest.CaptureFixture[str], *overrides: str) -> tuple[int, str]:
    capsys.readouterr()
    status = examine.run(root, overrides)
    return status, capsys.readouterr().out


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small disk of its own in memory; skips where mounting is not allowed."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_machine_that_has_everything(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = doctor(root, capsys)
    assert status == 0, text
    assert "PROBLEM" not in text
    for words in ("cores", "GPU", "DVC cache", "can be written", "in step with conf/", "commit ", "can run here"):
        assert words in text, words
    for file in (root / "conf/model").glob("*.yaml"):
        assert f"\n  {file.stem} " in text
    assert not (root / "mlflow.db").exists()  # looking makes nothing


def test_a_bare_machine(root: Path) -> None:
    """No package at all: the standard library's Python, as before `make run`."""
    command = [sys.executable, "-S", "-m", "crab", "doctor"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=toy_project.clean_environment())
    assert done.returncode == 1, done.stderr
    assert "PROBLEM packages: not installed: accelerate, datasets" in done.stdout
    assert "mend it: make run" in done.stdout
    assert "not looked at" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    done = subprocess.run([*command[:-1], "results"], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is not installed" in done.stderr


def test_without_torch(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    _, text = doctor(root, capsys)
    assert "torch is not installed" in text
    assert "memory: not looked at: the package torch is missing" in text


def test_a_gpu_that_torch_cannot_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    if torch.version.cuda is not None:
        pytest.skip("this torch can use a GPU")
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 81559 MiB'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    [finding] = machine.gpu()
    assert (finding.level, finding.mend) == ("warning", "make run EXTRA=gpu")
    assert finding.found.startswith("NVIDIA H100 80GB HBM3, 81559 MiB: torch ")


def test_a_model_that_needs_a_gpu(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "memory_gb", lambda *_: 10.0)
    status, text = doctor(root, capsys, "model=mistral7b")
    assert status == 1
    assert "training needs about 128 GB, and this machine has 10.0 GB" in text
    assert "mend it: choose model=smollm2_360m" in text
    assert "hf auth login" in text


def test_four_bits_need_a_gpu_however_much_memory_there_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "memory_gb", lambda *_: 30.0)
    monkeypatch.setattr(models, "_cuda", lambda: False)
    here = {row[0]: row[models.TITLES.index("here")] for row in models.rows(root)}
    assert (here["mistral7b_lora"], here["mistral7b_qlora"], here["mistral7b"]) == (
        "trains",
        "answers only",
        "answers only",
    )


def test_a_configuration_that_cannot_work(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = doctor(root, capsys, "sft.aux_weight=-1", "dpo.max_length=9999")
    assert status == 1
    assert text.count("PROBLEM params.yaml [") == 2
    status, text = doctor(root, capsys, "sft.nope=1")
    assert status == 1
    assert "PROBLEM conf: " in text


def test_an_endpoint_without_its_key(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        *("teacher=endpoint", "teacher.llm.model.name=some"),
        *("teacher.service.engine.openai.key_env=THE_KEY", "seed=files", "seed.path=[nowhere.jsonl]"),
    ]
    status, text = doctor(root, capsys, *asked)
    assert status == 1
    assert "THE_KEY is not set" in text
    assert "no such file or folder: nowhere.jsonl" in text
    monkeypatch.setenv("THE_KEY", "very-secret")
    _, text = doctor(root, capsys, *asked)
    assert "THE_KEY is set" in text
    assert "very-secret" not in text


def test_an_engine_that_is_not_installed(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(packages.OPTIONAL, "vllm", (("no-such-vllm",), "engine=vllm", "make run EXTRA=gpu"))
    status, text = doctor(root, capsys, "engine=vllm")
    assert status == 1
    assert "PROBLEM engine: vllm is not installed" in text


def test_a_read_only_store(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mounted(root / ".work", "ro,size=1m"):
        status, text = doctor(root, capsys)
    assert status == 1
    assert f"PROBLEM work folder: {root}/.work cannot be written: Read-only file system" in text


def test_a_full_disk(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mounted(root / ".work", "size=1m"):
        with suppress(OSError), open(root / ".work/filler", "wb", buffering=0) as file:
            while file.write(bytes(4096)) == 4096:
                pass
        status, text = doctor(root, capsys)
    assert status == 1
    assert "cannot be written: No space left on device; 0.0 GB free" in text
    assert "mend it: make room: python -m crab gc" in text


def test_too_little_room_for_what_is_asked(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - MIB, MIB))
    status, text = doctor(root, capsys)
    assert status == 1
    assert "PROBLEM disk: a run from scratch takes about 0.1 GB (estimated), 0.0 GB are free" in text


def test_a_server_that_is_down_costs_a_warning(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://somebody:secret@127.0.0.1:9")
    status, text = doctor(root, capsys)
    assert status == 0
    assert "WARNING MLflow: http://127.0.0.1:9: does not answer" in text
    assert "python -m crab track sync" in text
    assert "secret" not in text


def test_a_store_that_is_no_database(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.db").write_text("no database, but long enough to be looked at as one " * 10)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/broken.db")
    [finding] = stores.tracking(None)
    assert (finding.level, "not a database" in finding.found) == ("warning", True)


def test_disk_grows_with_the_model() -> None:
    from ruamel.yaml import YAML

    from crab.cli import compose

    def need(name: str) -> demand.Disk:
        params = YAML(typ="safe").load(compose.composed(toy_project.ROOT, [f"model={name}"], whole=False))
        return demand.disk(load("model", ModelConfig, params))

    assert need("tiny").cache < 0.2
    assert need("tiny").download == 0
    big, adapters = need("mistral7b"), need("mistral7b_lora")
    assert big.cache == pytest.approx(0.1 + 2 * 14.5, abs=0.1)  # README: some 15 GB each for sft and dpo
    assert big.download == adapters.download > 14
    assert adapters.work < big.work / 10


def test_what_a_check_found_before_it_stopped_is_told() -> None:
    def check() -> Iterator[Finding]:
        yield Finding("ok", "a", "b")
        raise ResourceError("no room")

    assert [one.level for one in look("x", check)] == ["ok", "problem"]
    assert [one.level for one in look("x", check, "warning")] == ["ok", "warning"]


def test_pins_are_read() -> None:
    assert packages.pins("# a comment\na==1.0\nb==2 ; python_version > '3'\n\n") == {"a": "1.0", "b": "2"}
    assert packages.required('[project]\ndependencies = ["a", "b[c]>=1"]\n') == ["a", "b"]

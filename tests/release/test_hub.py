"""Pushing: what is refused before, and what a hub gets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import huggingface_hub
import pytest

from crab.cli import release as command
from crab.core.errors import CrabError
from crab.release import hub
from tests.release import fake_hub


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=A Tester", "-c", "user.email=tester@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def committed(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(run, "init", "-q")
    (run / ".gitignore").write_text("/out/\n")
    git(run, "add", "-A")
    git(run, "commit", "-qm", "All of it")
    monkeypatch.setenv(hub.TOKEN, "a-secret-token")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return run


def push(run: Path, where: str, monkeypatch: pytest.MonkeyPatch, repo: str = "me/data") -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", where)
    command.write(run, run / "out", repo, include_restricted=False)


def test_it_is_refused_before_anything_is_written(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(hub.TOKEN, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(CrabError) as error:
        command.write(run, run / "out", "no owner", include_restricted=False)
    assert [problem.where for problem in error.value.problems] == ["git", "--push", hub.TOKEN, "HF_HUB_OFFLINE"]
    assert not (run / "out").exists()


def test_a_dirty_tree_is_refused(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (committed / "params.yaml").write_text((committed / "params.yaml").read_text() + "\n")
    with pytest.raises(CrabError, match="1 files differ from the commit"):
        push(committed, "http://127.0.0.1:9", monkeypatch)


def test_every_folder_goes_into_a_private_repository(
    committed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_hub.serving() as served:
        push(committed, served.url, monkeypatch)
    assert served.tokens == {"Bearer a-secret-token"}
    assert [asked["visibility"] for asked in served.created] == ["private"] * 3
    assert served.files.keys() == {"datasets/me/data", "models/me/data-sft", "models/me/data-dpo"}
    for name, folder in {"datasets/me/data": "dataset", "models/me/data-dpo": "model-dpo"}.items():
        there = {str(f.relative_to(committed / "out" / folder)) for f in (committed / "out" / folder).rglob("*.*")}
        assert served.files[name].keys() == there
        card = (committed / "out" / folder / "README.md").read_bytes()
        assert served.files[name]["README.md"] == card
    assert f"pushed (private): {served.url}/datasets/me/data" in capsys.readouterr().out


def test_a_hub_that_refuses(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_hub.serving() as served:
        served.refuse = True
        with pytest.raises(CrabError, match=r"me/data: cannot be pushed: .*403") as error:
            push(committed, served.url, monkeypatch)
    assert "a-secret-token" not in str(error.value)


def test_a_hub_that_cannot_be_reached(
    committed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CrabError, match="cannot be pushed"):
        push(committed, "http://127.0.0.1:9", monkeypatch)
    assert (committed / "out/release.json").exists()
    assert "left out; --include-restricted" in capsys.readouterr().out

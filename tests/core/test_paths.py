from __future__ import annotations

from pathlib import Path

import pytest

from crab.core import paths
from crab.core.errors import CrabError


def test_a_snapshot_knows_its_main_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / ".dvc" / "tmp" / "exps" / "standalone" / "tmpabc"
    (snapshot / ".dvc").mkdir(parents=True)
    monkeypatch.delenv("CRAB_ROOT", raising=False)
    monkeypatch.chdir(snapshot)
    for dvc_root in (str(tmp_path), str(snapshot)):  # DVC_ROOT has been seen to name either
        monkeypatch.setenv("DVC_ROOT", dvc_root)
        assert paths.main_checkout() == tmp_path
    assert paths.from_main_checkout("own/x.jsonl") == tmp_path / "own/x.jsonl"
    assert paths.from_main_checkout("/data/x.jsonl") == Path("/data/x.jsonl")


def test_outside_a_repository_the_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRAB_ROOT", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CrabError, match="not inside a DVC repository"):
        paths.main_checkout()

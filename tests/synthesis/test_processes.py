"""The work of both synthesis stages in several processes, and over Ray: the same files as in one."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import pytest

from crab.config.teacher import TeacherConfig
from crab.config.verify import VerifyConfig
from crab.core import io, work
from crab.core.records import Example, Seed
from crab.synthesis.backtranslate import Backtranslated, backtranslate
from crab.synthesis.information import Information
from crab.synthesis.verify import Verified, verify_all
from tests.sections import from_conf


@pytest.fixture
def alone(examples: list[Example], verify_config: VerifyConfig, tmp_path: Path) -> dict[str, bytes]:
    """What one process makes."""
    return files(tmp_path / "alone", examples, verify_config, 1, None)


def files(
    place: Path, examples: list[Example], config: VerifyConfig, workers: int, cluster: str | None
) -> dict[str, bytes]:
    seeds = [Seed(**{f.name: getattr(example, f.name) for f in dataclasses.fields(Seed)}) for example in examples]
    derive = partial(backtranslate, teacher=from_conf(TeacherConfig, "teacher", "rules"), random_seed=0, asker=None)
    derived = list(work.sharded(place, "derive", seeds, derive, Backtranslated, 10, workers, cluster))
    io.write(place / "corpus.jsonl", (found.example for found in derived))
    corpus = io.Stored(place / "corpus.jsonl", Example)
    check = partial(verify_all, information=Information(corpus, config), config=config, judge=None)
    verified = list(work.sharded(place, "verify", corpus, check, Verified, 10, workers, cluster))
    assert any(result.example.constraints for result in verified)
    return {file.name: file.read_bytes() for file in place.glob("*.jsonl")}


def test_two_processes(
    alone: dict[str, bytes], examples: list[Example], verify_config: VerifyConfig, tmp_path: Path
) -> None:
    assert len(alone) == 7
    assert files(tmp_path / "two", examples, verify_config, 2, None) == alone


@pytest.mark.slow
def test_a_local_ray_goes_on_where_one_process_was(
    alone: dict[str, bytes], examples: list[Example], verify_config: VerifyConfig, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "derive-000000010.jsonl").write_bytes(alone["derive-000000010.jsonl"])
    assert files(tmp_path / "ray", examples, verify_config, 2, "local") == alone

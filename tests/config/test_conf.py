"""Every file in conf/ composes, validates, and says what it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from crab.cli import compose

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"
FILES = sorted(file for file in CONF.rglob("*.yaml"))
OPTIONS = [file.relative_to(CONF).with_suffix("") for file in FILES if file.parent not in (CONF, CONF / "family")]
NEEDS = {"seed=files": ["seed.path=[params.yaml]"], "seed=hub": ["seed.dataset.name=owner/pairs"]}


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_every_option_composes_and_validates(option: Path) -> None:
    override = f"{option.parent}={option.name}"
    text = compose.composed(ROOT, [override, *NEEDS.get(override, [])])
    assert "???" not in text
    assert "${" not in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CONF)))
def test_every_file_opens_with_its_purpose(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[:2]
    assert any(line.startswith("# ") and len(line) > 30 for line in first)


def test_the_committed_params_are_in_step() -> None:
    """Against what git holds: a working copy after `dvc exp run -S` differs rightly."""
    compose.check(ROOT)

"""Figures that a page takes from a command are still what the command says."""

from __future__ import annotations

import re

import pytest

from crab.cli import plan
from tests.docs.pages import ROOT

PAPER = ["experiment=paper_mistral7b"]


@pytest.mark.parametrize(
    ("overrides", "gpus", "figures", "sentence"),
    [
        (PAPER, 8, ["624", "5.2", "931", "2.5"], r"624 steps of SFT and 931 of DPO; .* 5\.2 and 2\.5 hours"),
        ([*PAPER, "model=mistral7b_lora", "launch=local"], 1, ["624", "41", "931", "20"], r"about 41 and 20 hours"),
    ],
)
def test_the_plan_of_a_7b_run(
    overrides: list[str], gpus: int, figures: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = " ".join((ROOT / "docs" / "running_7b.md").read_text(encoding="utf-8").split())
    assert re.search(sentence, page)
    plan.show(ROOT, overrides, "A100-80GB", gpus, 1204, 0.4)
    said = capsys.readouterr().out
    found = [word for line in said.splitlines() if re.match(r"\s*(sft|dpo) ", line) for word in line.split()[-2:]]
    assert found == figures, said

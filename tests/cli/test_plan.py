"""`crab plan` prints the published counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from crab.cli import plan
from crab.core.errors import CrabError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("experiment", ["paper_mistral7b", "paper_llama3_8b"])
def test_the_papers_counts(experiment: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan.show(ROOT, [f"experiment={experiment}"], "A100-80GB", 8, 1204, 0.4)
    shown = " ".join(capsys.readouterr().out.split())
    assert "9,450 forward + 4,050 reverse + 53,000" in shown
    assert "= 66,500" in shown
    assert "59,556 pairs" in shown
    # all_results.json of THU-KEG/Mistral-Crab-SFT: 0.046 steps/s for 13,335 s, so about 613; DPO 0.076 x 12,258 s, 932.
    steps = {line.split()[0]: line.split() for line in _lines(experiment, capsys)}
    assert abs(int(steps["sft"][-2].replace(",", "")) - 613) < 0.03 * 613
    assert abs(int(steps["dpo"][-2].replace(",", "")) - 932) < 0.01 * 932


def _lines(experiment: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    plan.show(ROOT, [f"experiment={experiment}"], "A100-80GB", 8, 1204, 0.4)
    return [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith(("sft", "dpo"))]


def test_an_unknown_gpu_lists_the_known_ones() -> None:
    with pytest.raises(CrabError, match=r"known: .*H100"):
        plan.show(ROOT, [], "GTX-1080", None, 100, 0.4)


def test_adapters_fit_where_all_weights_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    for model, verdict in (("mistral7b", "does not fit"), ("mistral7b_lora", "fits")):
        plan.show(ROOT, [f"model={model}", "mix.max_records=1000"], "L4", 1, 600, 0.4)
        assert f"has 24 GB: {verdict}" in " ".join(capsys.readouterr().out.split())

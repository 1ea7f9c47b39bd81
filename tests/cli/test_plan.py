"""`crab plan` prints the published counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from crab.cli import compose, plan
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


@pytest.mark.parametrize(
    ("launch", "memory", "verdict"),
    [
        # 7.25e9 parameters x 16 bytes over 8 GPUs, and 12 GB of activations; DDP keeps all of it on each.
        ("fsdp", "27 GB on each GPU", "fits"),
        ("deepspeed_zero3", "27 GB on each GPU", "fits"),
        ("multi_gpu", "128 GB on each GPU", "does not fit: share the weights"),
    ],
)
def test_eight_gpus_run_the_papers_batches(
    launch: str, memory: str, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The launches share the forward passes of the recipe's steps evenly, or composing would have been refused."""
    overrides = ["experiment=paper_mistral7b", f"launch={launch}", "eval.followbench.prompts.path=conf"]
    params = YAML(typ="safe").load(compose.composed(ROOT, overrides))
    for stage, batch in (("sft", 256), ("dpo", 64)):
        section = params[stage]
        assert section["batch_size"] * section["accumulation_steps"] == batch
        assert section["accumulation_steps"] % params["launch"]["processes"] == 0
    plan.show(ROOT, overrides[:2], "A100-80GB", None, 1204, 0.4)
    shown = " ".join(capsys.readouterr().out.split())
    assert "on 8 x" in shown
    assert f"launch={launch} " in shown
    assert memory in shown
    assert f"has 80 GB: {verdict}" in shown


def test_an_unknown_gpu_lists_the_known_ones() -> None:
    with pytest.raises(CrabError, match=r"known: .*H100"):
        plan.show(ROOT, [], "GTX-1080", None, 100, 0.4)


def test_adapters_fit_where_all_weights_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    for model, verdict in (("mistral7b", "does not fit"), ("mistral7b_lora", "fits")):
        plan.show(ROOT, [f"model={model}", "mix.max_records=1000"], "L4", 1, 600, 0.4)
        assert f"has 24 GB: {verdict}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("option", "counted", "steps"),
    [("default", "790 pairs", "100"), ("grpo", "2,560 samples", "40"), ("best_of_n", "790 answers", "100"),
     ("more_sft", "1,000 answers", "126")],
)  # fmt: skip
def test_every_algorithm_has_a_plan(option: str, counted: str, steps: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan.show(ROOT, [f"dpo={option}", "mix.max_records=1000"], "L4", 1, 100, 0.4)
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("dpo")]
    assert counted in line
    assert line.split()[-2] == steps

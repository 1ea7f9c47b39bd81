"""Names and values of a row, without MLflow."""

from __future__ import annotations

from crab.tracking import rows


def test_parameters_are_dotted_and_readable() -> None:
    params = {"name": "x", "sft": {"aux_weight": 0.5, "lora": None, "on": True}, "seed": {"path": ["a", "b"]}, "w": {}}
    assert rows.parameters(params) == {
        "name": "x",
        "sft.aux_weight": "0.5",
        "sft.lora": "null",
        "sft.on": "true",
        "seed.path": '["a", "b"]',
        "w": "{}",
    }


def test_metrics_keep_zero_and_drop_what_is_no_number() -> None:
    values = {
        "kept": 0,
        "rate": float("nan"),
        "ok": True,
        "note": "text",
        "missing": None,
        "by reason": {"too short": 3},
    }
    assert rows.metrics("seed", values) == {"seed/kept": 0.0, "seed/by reason/too short": 3.0}


def test_mean_takes_the_name_of_its_interval() -> None:
    block = {"heldout": {"sft": {"prompt_strict": {"mean": 0.5, "low": 0.4, "high": None, "n": 9}}}}
    assert rows.metrics("", block) == {
        "heldout/sft/prompt_strict": 0.5,
        "heldout/sft/prompt_strict.low": 0.4,
        "heldout/sft/prompt_strict.n": 9.0,
    }


def test_names_hold_only_what_mlflow_takes() -> None:
    assert list(rows.metrics("eval", {"by_type": {"items:num_bullets": 1, "acc@1 (strict)": 2}})) == [
        "eval/by_type/items:num_bullets",
        "eval/by_type/acc_1 _strict_",
    ]


def test_results_are_named_by_their_stage_and_headlines_come_first() -> None:
    assert rows.of_result("results/sft.json", {"loss": 1}) == {"sft/loss": 1.0}
    assert rows.of_result("results/metrics.json", {"heldout": {"prompts": 3}}) == {"heldout/prompts": 3.0}
    headlines = {"heldout_base": 9.0, "heldout_n": 400, "heldout_sft": 38.75, "heldout_sft_low": 34.0}
    assert list(rows.of_result("results/summary.json", headlines).items()) == [
        ("accuracy/heldout_sft", 38.75),
        ("accuracy/heldout_base", 9.0),
        ("accuracy_interval/heldout_sft_low", 34.0),
        ("accuracy_interval/heldout_n", 400.0),
    ]

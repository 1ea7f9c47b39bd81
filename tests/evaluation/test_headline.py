"""The few numbers of results/summary.json."""

from __future__ import annotations

from crab.evaluation.headline import counts, headline


def block(mean: float, low: float | None, high: float | None, n: int = 400) -> dict[str, float | None]:
    return {"mean": mean, "low": low, "high": high, "n": n}


def test_one_measure_a_benchmark_in_percent() -> None:
    metrics = {
        "heldout": {
            "version": 1,
            "prompts": 400,
            "split": "heldout",
            "chance": {"prompt_strict": block(0.0825, 0.067812, 0.099375)},
            "sft": {
                "prompt_strict": block(0.3875, 0.34, 0.435),
                "instruction_strict": block(0.9, 0.8, 1.0),
                "words": 33,
            },
            "differences": {"sft-base": {"prompt_strict": block(0.2975, 0.245, 0.3475)}},
        },
        "followbench": {"dpo": {"hsr": {"average": block(0.5, None, None, 1)}}},
        "likelihood": {"sft": {"bits_per_byte": block(1.5, 1.4, 1.6)}},
    }
    assert headline(metrics, ["sft", "dpo"]) == {
        "heldout_chance": 8.25,
        "heldout_sft": 38.75,
        "heldout_sft_low": 34.0,
        "heldout_sft_high": 43.5,
        "heldout_n": 400,
        "followbench_dpo": 50.0,
        "followbench_n": 1,
    }


def test_nothing_measured_is_nothing_said() -> None:
    assert headline({}, ["sft"]) == {}
    assert headline({"heldout": {"prompts": 0, "sft": {"words": 3.0}}}, ["sft"]) == {}


def test_each_stage_says_what_it_kept_and_rejected() -> None:
    assert counts(
        {
            "seed": {"kept": 9, "rejected": {"too short": 2, "duplicate": 1}, "languages": {"en": 9}},
            "verify": {"constraints_per_record": 18.6, "rejected": {}},
            "sft": {"forward_rows": 4, "reverse_rows": 3, "rejected_rows": 1, "forward_loss": 0.9},
            "dpo": {"algorithm": "dpo", "pairs": 7, "rejected": 2},
        }
    ) == {
        "seed_kept": 9,
        "seed_rejected": 3,
        "verify_constraints_per_record": 18.6,
        "verify_rejected": 0,
        "sft_forward_rows": 4,
        "sft_reverse_rows": 3,
        "sft_rejected": 1,
        "dpo_pairs": 7,
        "dpo_rejected": 2,
    }

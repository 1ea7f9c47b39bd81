from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from crab.core.errors import CrabError, DataError
from crab.core.records import PreferencePair
from crab.training import dpo, loading

LORA = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj", "v_proj"]}


def train(base: Path, pairs: list[PreferencePair], config: Any, work: Path) -> tuple[Mapping[str, float], list[Any]]:
    log: list[Any] = []
    prepared = dpo.prepare(base, pairs, config.dpo, config.model)
    metrics = dpo.train(
        base, prepared.rows, config.dpo, config.model, config.compute, work,
        config.launch.save_seconds, work / "model", lambda step, values: log.append((step, values)),
    )  # fmt: skip
    return metrics, log


@pytest.mark.parametrize("over", [{}, {"model__lora": LORA}, {"dpo__nll_weight": 0.0}, {"dpo__loss_type": "ipo"}])
def test_starts_at_no_margin_and_learns_the_preference(
    base: Path, pairs: list[PreferencePair], setup: Any, tmp_path: Path, over: Any
) -> None:
    config = setup(dpo__epochs=8, dpo__learning_rate=0.01, dpo__batch_size=8, **over)
    metrics, log = train(base, pairs, config, tmp_path)
    assert log[0][0] == 1
    assert abs(log[0][1]["rewards/margins"]) < 1e-4
    assert log[-1][1]["loss"] < log[0][1]["loss"]
    assert metrics["rewards_margins"] > 0.1
    assert metrics["rewards_accuracies"] > 0.9
    assert metrics["pairs"] == 48
    assert metrics["steps"] == 48
    before = loading.load_policy(base, config.model, "cpu").state_dict()
    after = loading.load_policy(tmp_path / "model", config.model, "cpu").state_dict()
    assert before.keys() == after.keys()
    assert any(not before[name].equal(after[name]) for name in before)
    assert not list((tmp_path / "model").rglob("*.bin"))


def test_a_policy_that_is_not_its_reference_is_refused(
    base: Path, pairs: list[PreferencePair], setup: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crab.training import preference

    compute = preference.PreferenceTrainer._precompute_ref_logps

    def shifted(self: Any, *args: Any) -> Any:
        return compute(self, *args).map(lambda row: {"ref_chosen_logps": row["ref_chosen_logps"] + 1.0})

    monkeypatch.setattr(preference.PreferenceTrainer, "_precompute_ref_logps", shifted)
    with pytest.raises(CrabError, match=r"margin of the first step is -0\.1, not 0"):
        train(base, pairs, setup(), tmp_path)


def test_the_short_way_to_log_probabilities_is_trls(
    base: Path, pairs: list[PreferencePair], setup: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crab.training import heads

    _, short = train(base, pairs, setup(), tmp_path / "short")
    monkeypatch.setattr(heads, "use_plain_head", lambda *_: False)
    _, stock = train(base, pairs, setup(), tmp_path / "stock")
    for (_, ours), (_, theirs) in zip(short, stock, strict=True):
        for name in ("loss", "rewards/chosen", "rewards/rejected", "logps/chosen", "logps/rejected"):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-4, abs=1e-4)
        assert "entropy" in theirs
        assert "entropy" not in ours


def test_the_first_sigmoid_loss_is_ln_2(base: Path, pairs: list[PreferencePair], setup: Any, tmp_path: Path) -> None:
    _, log = train(base, pairs, setup(dpo__nll_weight=0.0), tmp_path)
    assert log[0][1]["loss"] == pytest.approx(0.693147, abs=1e-5)


def test_overlong_pairs(base: Path, pairs: list[PreferencePair], setup: Any) -> None:
    config = setup()
    lengths = sorted(pair.length for pair in dpo.prepare(base, pairs, config.dpo, config.model).rows)
    limit = lengths[24]
    dropped = dpo.prepare(base, pairs, setup(dpo__max_length=limit).dpo, config.model)
    assert len(dropped.rows) == sum(length <= limit for length in lengths)
    assert {line.reason for line in dropped.rejected} == {"too long"}
    assert len(dropped.rows) + len(dropped.rejected) == 48
    cut = dpo.prepare(base, pairs, setup(dpo__max_length=limit, dpo__overlong="cut").dpo, config.model)
    assert cut.cut == len(dropped.rejected)
    assert max(pair.length for pair in cut.rows) == limit


def test_no_pairs(base: Path, setup: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pairs to train on"):
        train(base, [], setup(), tmp_path)

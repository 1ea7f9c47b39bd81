"""GRPO: the reward is what the checkers say, it is learnt, and a run that is stopped ends as one that is not."""

from __future__ import annotations

import hashlib
import os
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crab import constraints as registry
from crab.core.errors import CrabError, DataError, ResourceError
from crab.core.records import Constraint
from crab.data.preferences import PreferencePrompt
from crab.engines import chat
from crab.training import grpo, loading
from crab.training.reward import ConstraintReward

ALWAYS, NEVER = 1e-6, 1e6
END = 7


class KillError(Exception):
    """Stands for a kill: nothing after it runs, and nothing has prepared for it."""


def parsed(text: str) -> Constraint:
    found = registry.parse(text)
    assert found is not None, text
    return found


CONSTRAINTS = [
    parsed(text) for text in ("Write at least 3 words.", "Do not use commas.", "Write everything in lowercase letters.")
]
TEXTS = ["", " \n", "rain", "rain fell all night", "Rain, fell, all night.", "rain, rain, rain", "RAIN FELL ALL NIGHT"]


def rewards(
    prompt: PreferencePrompt, answers: list[tuple[str, bool]], bonus: float
) -> tuple[list[float], dict[str, float]]:
    logged: dict[str, float] = {}
    reward = ConstraintReward([prompt], [END], bonus)
    values = reward(
        prompts=[],
        number=[0] * len(answers),
        completions=[[{"role": "assistant", "content": text}] for text, _ in answers],
        completion_ids=[[1, END] if finished else [1] for _, finished in answers],
        log_metric=logged.__setitem__,
    )
    return values, logged


@given(
    st.lists(st.sampled_from(CONSTRAINTS), min_size=1, max_size=3, unique_by=lambda c: c.type),
    st.lists(st.tuples(st.sampled_from(TEXTS), st.booleans()), min_size=1, max_size=6),
    st.sampled_from([0.0, 0.5]),
)
def test_the_reward_is_the_share_of_constraints_met(
    constraints: list[Constraint], answers: list[tuple[str, bool]], bonus: float
) -> None:
    prompt = PreferencePrompt("s", [{"role": "user", "content": "Go."}], tuple(constraints))
    values, logged = rewards(prompt, answers, bonus)
    met_all = 0
    for value, (text, finished) in zip(values, answers, strict=True):
        met = [registry.check(constraint, text).satisfied for constraint in constraints]
        readable = finished and bool(text.strip())
        met_all += readable and all(met)
        assert value == pytest.approx(readable * (sum(met) / len(met) + bonus * all(met)))
    assert logged["all_met"] == met_all / len(answers)
    assert logged["share_met"] == pytest.approx(sum(values) / len(values) - bonus * logged["all_met"])
    assert logged["unreadable"] == sum(not (f and t.strip()) for t, f in answers) / len(answers)


def test_an_answer_without_a_token_gets_nothing() -> None:
    prompt = PreferencePrompt("s", [{"role": "user", "content": "Go."}], (CONSTRAINTS[1],))
    reward = ConstraintReward([prompt], [END], 0.0)
    answer: Any = [[{"role": "assistant", "content": ""}]]
    assert reward(number=[0], completions=answer, completion_ids=[[]], log_metric=lambda *_: None) == [0.0]


@pytest.mark.parametrize("passes", [1, 3])
def test_groups_are_whole_and_every_epoch_has_its_own_order(passes: int) -> None:
    from crab.training.groups import GroupSampler

    sampler = GroupSampler(23, 5, 0, samples=4, passes=passes)
    epochs = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        rows = list(sampler)
        assert len(rows) == len(sampler) == 20 * 4 * passes
        assert set(Counter(rows).values()) == {4 * passes}
        for start in range(0, len(rows), 20 * passes):
            step = [rows[start + 20 * number : start + 20 * (number + 1)] for number in range(passes)]
            assert all(each == step[0] for each in step)
            assert all(len(set(step[0][first : first + 4])) == 1 for first in range(0, 20, 4))
        epochs.append(rows)
    assert epochs[0] != epochs[1]
    assert {*range(23)} == set().union(*map(set, epochs)), "what one epoch leaves out another one has"


@pytest.fixture(scope="module")
def prompts(rows: Any) -> list[PreferencePrompt]:
    """Short texts in lower case: the base model of the tests begins with a capital letter."""
    return [PreferencePrompt(row.seed_id, row.prompt, (CONSTRAINTS[2],)) for row in rows(13)]


def options(**over: Any) -> dict[str, Any]:
    section = {"all_met_bonus": 0.0, "loss_type": "grpo", "scale_rewards": "group", "beta": 0.04, "vllm": None}
    own = {"algorithm": "grpo", "loss_type": None, "label_smoothing": None, "beta": None, "nll_weight": None}
    values = {f"dpo__{name}": value for name, value in own.items()} | {
        "dpo__grpo": section | over.pop("grpo", {}),
        "dpo__samples_per_prompt": 4,
        "dpo__batch_size": 8,
        "dpo__accumulation_steps": 2,
        "dpo__epochs": 2,
        "dpo__max_new_tokens": 24,
        "dpo__learning_rate": 0.003,
        "dpo__lr_scheduler_type": "constant",
    }
    return values | over


def train(
    base: Path, prompts: list[PreferencePrompt], config: Any, work: Path, save_seconds: float = NEVER, log: Any = None
) -> Mapping[str, float]:
    prepared = grpo.prepare(base, prompts, config.dpo, config.model)
    return grpo.train(
        base, prepared.rows, config.dpo, config.model, config.compute, work, save_seconds, work / "model",
        log or (lambda *_: None),
    )  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(
    "over",
    [{}, {"model__lora": {"r": 4, "alpha": 8, "dropout": 0.1, "target_modules": ["q_proj", "v_proj"]}}],
    ids=["weights", "adapters"],
)
def test_a_run_and_its_interruptions_end_with_the_same_bytes(
    base: Path, prompts: list[PreferencePrompt], setup: Any, tmp_path: Path, over: Any
) -> None:
    config = setup(**options(**over))
    log: list[Any] = []
    expected = train(base, prompts, config, tmp_path / "one", log=lambda step, values: log.append((step, values)))
    assert [step for step, _ in log] == [1, 2, 3, 4, 5, 6]  # 13 prompts: three steps of four an epoch
    assert log[0][1]["kl"] == pytest.approx(0, abs=1e-6), "the SFT model is the reference"
    assert log[-1][1]["kl"] > 1e-6
    assert (expected["prompts"], expected["steps"]) == (13, 6)

    def kill(step: int, _: Any) -> None:
        if step == 2:
            raise KillError

    def stop(step: int, _: Any) -> None:
        if step == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KillError):
        train(base, prompts, config, tmp_path / "two", ALWAYS, kill)
    with pytest.raises(CrabError, match="stopped on request at step 5, and saved"):
        train(base, prompts, config, tmp_path / "two", NEVER, stop)
    again: list[Any] = []
    found = train(base, prompts, config, tmp_path / "two", NEVER, lambda step, values: again.append((step, values)))
    assert [step for step, _ in again] == [6], "went on from the last checkpoint, not from the start"
    assert found == expected
    for name in ("reward", "loss", "kl"):
        assert again[-1][1][name] == log[-1][1][name]
    assert digests(tmp_path / "two" / "model") == digests(tmp_path / "one" / "model")
    assert not list((tmp_path / "one" / "model").rglob("*.bin"))


def test_what_is_logged_is_what_the_checkers_say_of_the_answers(
    base: Path, prompts: list[PreferencePrompt], setup: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[float]] = []
    call = ConstraintReward.__call__

    def listening(self: ConstraintReward, **kwargs: Any) -> list[float]:
        values = call(self, **kwargs)
        for value, number, answer, ids in zip(
            values, kwargs["number"], kwargs["completions"], kwargs["completion_ids"], strict=True
        ):
            text = answer[0]["content"]
            met = [registry.check(one, text).satisfied for one in self.prompts[number].constraints]
            readable = ids[-1] in self.ends and bool(text.strip())
            assert value == readable * sum(met) / len(met)
        groups = kwargs["number"]
        assert all(len(set(groups[start : start + 4])) == 1 for start in range(0, len(groups), 4))
        seen.append(values)
        return values

    monkeypatch.setattr(ConstraintReward, "__call__", listening)
    log: list[Any] = []
    found = train(base, prompts, setup(**options()), tmp_path, log=lambda _, values: log.append(values))
    assert len(seen) == 6
    for values, line in zip(seen, log, strict=True):
        assert len(values) == 16
        assert line["reward"] == line["share_met"] == pytest.approx(sum(values) / len(values), abs=1e-6)
    assert found["reward"] == pytest.approx(sum(map(sum, seen[3:])) / 48, abs=1e-6)


def test_the_reward_rises(base: Path, prompts: list[PreferencePrompt], setup: Any, tmp_path: Path) -> None:
    log: list[Any] = []
    config = setup(**options(dpo__epochs=8, dpo__learning_rate=0.01, grpo={"beta": 0.0, "all_met_bonus": 0.5}))
    train(base, prompts, config, tmp_path, log=lambda _, values: log.append(values))
    first, last = (sum(line["reward"] for line in part) / 4 for part in (log[:4], log[-4:]))
    assert last > first + 0.2
    assert "kl" not in log[0]


def test_prompts_without_room_for_an_answer(base: Path, prompts: list[PreferencePrompt], setup: Any) -> None:
    config = setup(**options())
    tokenizer = loading.load_tokenizer(base)
    lengths = sorted(map(len, chat.encode(tokenizer, [prompt.prompt for prompt in prompts])))
    room = lengths[6]
    assert grpo.prepare(base, prompts, config.dpo, config.model).rows == prompts
    tight = setup(**options(dpo__max_length=room + 24))
    prepared = grpo.prepare(base, prompts, tight.dpo, tight.model)
    assert len(prepared.rows) == sum(length <= room for length in lengths)
    assert {(line.stage, line.reason) for line in prepared.rejected} == {("dpo", "too long")}
    assert len(prepared.rows) + len(prepared.rejected) == 13


def test_too_few_prompts(base: Path, prompts: list[PreferencePrompt], setup: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="3 prompts do not fill a step of 4"):
        train(base, prompts[:3], setup(**options()), tmp_path)


def test_vllm_asks_for_a_gpu(base: Path, prompts: list[PreferencePrompt], setup: Any, tmp_path: Path) -> None:
    vllm = {"gpu_memory_utilization": 0.3, "sleep": True}
    with pytest.raises(ResourceError, match=r"grpo\.vllm needs a GPU"):
        train(base, prompts, setup(**options(grpo={"vllm": vllm})), tmp_path)

"""Every preference algorithm: what it takes, what it leaves, and that a run of it can be repeated and stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from crab import constraints as registry
from crab.config.dpo import DpoConfig
from crab.config.mix import MixConfig
from crab.config.section import problems_in
from crab.core import io, randomness
from crab.core.errors import DataError
from crab.core.records import Constraint, Example, PreferencePair, TrainingRow
from crab.data.preferences import PreferencePrompt, score
from crab.data.preferences import Sample as Answer
from crab.data.world.generate import pairs as world_pairs
from crab.engines.base import Engine, Request, Response
from crab.report import stored
from crab.training.algorithms import ALGORITHMS
from crab.training.material import Material

OFF = {f"dpo__{name}": None for name in ("loss_type", "label_smoothing", "beta", "nll_weight")}
GRPO = {"all_met_bonus": 0.5, "loss_type": "grpo", "scale_rewards": "group", "beta": 0.04, "vllm": None}
SETTINGS: dict[str, dict[str, Any]] = {
    "dpo": {},
    "grpo": OFF | {"dpo__grpo": GRPO},
    "best_of_n": OFF | {"dpo__best_of_n": {"keep": "better"}},
    "more_sft": OFF | {"dpo__source": "witness"},
}
SMALL = {
    "dpo__prompts": 20, "dpo__samples_per_prompt": 4, "dpo__batch_size": 8, "dpo__max_new_tokens": 32,
    "dpo__epochs": 2,
}  # fmt: skip


class Shuffling(Engine):
    """Answers with the responses of the world, whichever: some meet a prompt's constraints, most do not."""

    def __init__(self) -> None:
        self.responses = [seed.response for seed in world_pairs(60, 1)]

    def stream(self, requests: Any, on_answer: Any = None) -> Any:
        for request in requests:
            yield self.answer(request)

    def answer(self, request: Request) -> Response:
        rng = randomness.rng(request.seed, "shuffling")
        return Response(request.id, rng.choice(self.responses), rng.random() < 0.9, 5, 5)


def example(seed: Any) -> Example:
    derived = registry.derive(seed.response, seed.instruction, random_seed=0)
    kept: list[Constraint] = randomness.rng(0, seed.id).sample(derived, min(6, len(derived)))
    return Example(seed.id, seed.source, seed.instruction, seed.response, seed.language, {}, tuple(kept))


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [example(seed) for seed in world_pairs(40, 0)]


def material(config: Any, examples: list[Example], place: Path, mix: MixConfig) -> Material:
    place.mkdir(parents=True, exist_ok=True)
    return Material(config.dpo, mix, lambda: examples, Shuffling, place)


@pytest.fixture(scope="module")
def mix() -> MixConfig:
    from ruamel.yaml import YAML

    from crab.cli import compose

    params = YAML(typ="safe").load(compose.composed(Path(__file__).parents[2], []))
    return MixConfig.model_validate(params["mix"])


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_made(name: str, examples: list[Example], setup: Any, mix: MixConfig, tmp_path: Path) -> None:
    config = setup(dpo__algorithm=name, **SMALL, **SETTINGS[name])
    given = material(config, examples, tmp_path, mix)
    records, rejected = ALGORITHMS[config.dpo.algorithm].make(given)
    assert records
    assert len(records) + len(rejected) == 20
    assert all(isinstance(record, ALGORITHMS[config.dpo.algorithm].RECORD) for record in records)
    assert {line.stage for line in rejected} <= {"dpo"}
    asked = {prompt.seed_id: prompt for prompt in given.prompts(given.examples())}
    for record in records:
        prompt = asked[record.seed_id]
        assert record.prompt == prompt.prompt, "each algorithm has the same prompts"
        if isinstance(record, PreferencePrompt):
            assert record == prompt
        elif isinstance(record, PreferencePair):
            chosen, worse = record.chosen[0]["content"], record.rejected[0]["content"]
            for type_ in record.failed:
                own = [constraint for constraint in prompt.constraints if constraint.type == type_]
                assert all(registry.check(constraint, chosen).satisfied for constraint in own)
                assert not all(registry.check(constraint, worse).satisfied for constraint in own)
        elif name == "more_sft":
            assert score(prompt.constraints, Answer(record.completion[0]["content"], True)) == 1
    io.write(tmp_path / "preferences.jsonl", records)
    assert list(stored.records(tmp_path / "preferences.jsonl", stored.PREFERENCE)) == records
    assert io.read(tmp_path / "preferences.jsonl", ALGORITHMS[config.dpo.algorithm].RECORD) == records


def train(
    base: Path, config: Any, records: list[Any], work: Path, save_seconds: float = 1e6, log: Any = None
) -> Mapping[str, float]:
    algorithm = ALGORITHMS[config.dpo.algorithm]
    rows = algorithm.prepare(base, records, config.dpo, config.model).rows
    log = log or (lambda *_: None)
    return algorithm.train(
        base, rows, config.dpo, config.model, config.compute, work, save_seconds, work / "model", log
    )


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.rglob("*"))}


class KillError(Exception):
    """Stands for a kill: nothing after it runs, and nothing has prepared for it."""


def test_more_fine_tuning_learns_its_rows_and_can_be_stopped(base: Path, rows: Any, setup: Any, tmp_path: Path) -> None:
    over = {"dpo__algorithm": "more_sft", "dpo__batch_size": 8, "dpo__epochs": 2, "dpo__learning_rate": 0.005}
    config = setup(**(SETTINGS["more_sft"] | over))
    records: list[TrainingRow] = rows(43)
    log: list[Any] = []
    expected = train(base, config, records, tmp_path / "one", log=lambda step, values: log.append(values["loss"]))
    assert (expected["rows"], expected["steps"]) == (43, 12)
    assert log[-1] < log[0]

    def kill(step: int, _: Any) -> None:
        if step == 7:
            raise KillError

    with pytest.raises(KillError):
        train(base, config, records, tmp_path / "two", 1e-6, kill)
    assert train(base, config, records, tmp_path / "two", 1e-6) == expected
    assert digests(tmp_path / "two" / "model") == digests(tmp_path / "one" / "model")


def test_no_rows(base: Path, setup: Any, tmp_path: Path) -> None:
    config = setup(dpo__algorithm="more_sft", **SETTINGS["more_sft"])
    with pytest.raises(DataError, match="no rows to train on"):
        train(base, config, [], tmp_path)


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"dpo__algorithm": "grpo"}, "algorithm = grpo needs grpo; compose with dpo=grpo"),
        (SETTINGS["grpo"] | {"dpo__algorithm": "grpo", "dpo__beta": 0.1}, "beta must be null with algorithm = grpo"),
        ({"dpo__best_of_n": {"keep": "any"}}, "best_of_n must be null with algorithm = dpo"),
        ({"dpo__beta": None}, "algorithm = dpo needs beta; compose with dpo=default"),
        (
            SETTINGS["more_sft"] | {"dpo__algorithm": "more_sft", "dpo__source": "onpolicy"},
            "algorithm = more_sft needs source = witness",
        ),
        (
            SETTINGS["grpo"] | {"dpo__algorithm": "grpo", "dpo__samples_per_prompt": 5},
            "samples holds no whole number of prompts",
        ),
    ],
)
def test_values_of_another_algorithm_are_told(setup: Any, over: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        setup(**over)
    valid = setup().dpo.model_dump()
    changed = valid | {key.removeprefix("dpo__"): value for key, value in over.items()}
    [problem] = problems_in("dpo", DpoConfig, changed)
    assert told in problem.found

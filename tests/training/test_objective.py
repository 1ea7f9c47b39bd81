"""The objective against cross-entropy written by hand, one example at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crab.core.records import TrainingRow
from crab.training import loading, runtime, tokenise
from crab.training.tokenise import TokenRow

torch = pytest.importorskip("torch")
Rows = Callable[..., list[TrainingRow]]
Gradients = dict[str, Any]


@pytest.fixture(scope="module")
def tokenizer(base: Path) -> Any:
    return loading.load_tokenizer(base)


@pytest.fixture(scope="module")
def forward(tokenizer: Any, rows: Rows) -> list[TokenRow]:
    mixed = [*rows(6, "forward"), *rows(2, "general", words=(12, 20))]
    return tokenise.prepare(mixed, tokenizer, 128, "drop").rows


@pytest.fixture(scope="module")
def reverse(tokenizer: Any, rows: Rows) -> list[TokenRow]:
    return tokenise.prepare(rows(5, "reverse", words=(2, 9)), tokenizer, 128, "drop").rows


def by_hand(
    base: Path, setup: Any, parts: Sequence[tuple[float, float, TokenRow]], denominators: Sequence[float]
) -> tuple[float, Gradients]:
    """Loss and gradients of sum(scale * nll / denominator) over rows, each run through the model alone."""
    model = loading.load_policy(base, setup().model, "cpu").train()
    total = torch.zeros(())
    for (scale, weight, row), denominator in zip(parts, denominators, strict=True):
        tokens = torch.tensor(row.tokens).long()
        logits = model(input_ids=tokens[None]).logits[0]
        nll = sum(
            torch.nn.functional.cross_entropy(logits[start - 1 : end - 1], tokens[start:end], reduction="sum")
            for start, end in row.answers
        )
        total = total + scale * weight * nll / denominator
    total.backward()
    return float(total.detach()), {name: parameter.grad for name, parameter in model.named_parameters()}


def tokens_of(rows: Sequence[TokenRow]) -> float:
    return float(sum(row.weight * row.completion_tokens for row in rows))


def one_step(
    base: Path,
    tokenizer: Any,
    setup: Any,
    forward: Any,
    reverse: Any,
    shape: tuple[int, int] = (8, 1),
    plain: bool = True,
    capacity: int | None = None,
    **over: Any,
) -> tuple[float, Gradients]:
    """Loss and gradients of the trainer's single step over everything."""
    from transformers import TrainerCallback

    from crab.training import heads, loop, objective
    from crab.training.supervised import TrlSftConfig

    config = setup(sft__batch_size=shape[0], sft__accumulation_steps=shape[1], sft__max_grad_norm=1e9, **over)
    runtime.configure(config.compute)
    goal = objective.weighted(
        forward, reverse, config.sft.forward_weight, config.sft.aux_weight, config.sft.normalize,
        config.sft.random_seed, capacity,
    )  # fmt: skip
    caught: Gradients = {}

    class Catch(TrainerCallback):
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            caught.update(
                {name: p.grad.clone() for name, p in kwargs["model"].named_parameters() if p.grad is not None}
            )

    arguments = loop.arguments(config.sft, len(goal.lengths), base.parent / "none", 0, False, "cpu")
    with pytest.MonkeyPatch.context() as patch:
        if not plain:
            patch.setattr(heads, "use_plain_head", lambda *_: False)
        trainer = objective.ObjectiveTrainer(
            goal,
            tokenizer,
            capacity,
            model=loading.load_policy(base, config.model, "cpu"),
            args=TrlSftConfig(**arguments, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}),
        )
    trainer.add_callback(Catch())
    trainer.train()
    assert trainer.state.global_step == 1
    return trainer.state.log_history[0]["loss"], caught


def assert_same(found: tuple[float, Gradients], expected: tuple[float, Gradients]) -> None:
    assert found[0] == pytest.approx(expected[0], rel=1e-5)
    assert found[1].keys() == expected[1].keys()
    for name, gradient in expected[1].items():
        scale = gradient.norm()
        assert scale > 0
        assert (found[1][name] - gradient).norm() / scale < 1e-4, name


@pytest.mark.parametrize("shape", [(8, 1), (1, 8), (2, 4)])
@pytest.mark.parametrize("plain", [True, False])
def test_per_task_is_two_token_means(
    base: Path, tokenizer: Any, setup: Any, forward: Any, reverse: Any, shape: tuple[int, int], plain: bool
) -> None:
    expected = by_hand(
        base,
        setup,
        [(1.0, 1.0, row) for row in forward] + [(0.3, 1.0, row) for row in reverse],
        [tokens_of(forward)] * len(forward) + [tokens_of(reverse)] * len(reverse),
    )
    assert_same(one_step(base, tokenizer, setup, forward, reverse, shape, plain, sft__aux_weight=0.3), expected)


@pytest.mark.parametrize("shape", [(13, 1), (1, 13), (4, 4)])
def test_tokens_is_one_weighted_mean(
    base: Path, tokenizer: Any, setup: Any, forward: Any, reverse: Any, shape: tuple[int, int]
) -> None:
    total = tokens_of(forward) + 0.3 * tokens_of(reverse)
    expected = by_hand(
        base,
        setup,
        [(1.0, 1.0, row) for row in forward] + [(0.3, 1.0, row) for row in reverse],
        [total] * (len(forward) + len(reverse)),
    )
    over = {"sft__aux_weight": 0.3, "sft__normalize": "tokens"}
    assert_same(one_step(base, tokenizer, setup, forward, reverse, shape, **over), expected)


def test_row_weights_count_inside_their_term(
    base: Path, tokenizer: Any, setup: Any, forward: Any, reverse: Any
) -> None:
    heavy = [replace(row, weight=1.0 + place) for place, row in enumerate(forward)]
    expected = by_hand(base, setup, [(1.0, row.weight, row) for row in heavy], [tokens_of(heavy)] * len(heavy))
    assert_same(one_step(base, tokenizer, setup, heavy, [], sft__aux_weight=0.3), expected)


def test_without_the_forward_task_only_the_riders_count(
    base: Path, tokenizer: Any, setup: Any, forward: Any, reverse: Any
) -> None:
    expected = by_hand(base, setup, [(0.5, 1.0, row) for row in reverse], [tokens_of(reverse)] * len(reverse))
    over = {"sft__aux_weight": 0.5, "sft__forward_weight": 0.0}
    for shape in ((8, 1), (1, 8)):  # one at a time, three micro-batches have no row at all
        assert_same(one_step(base, tokenizer, setup, forward, reverse, shape, **over), expected)


@pytest.mark.parametrize("shape", [(13, 1), (4, 4)])
def test_tokens_with_equal_weights_is_stock_trl(
    base: Path, tokenizer: Any, setup: Any, rows: Rows, shape: tuple[int, int]
) -> None:
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTTrainer

    from crab.training import loop
    from crab.training.supervised import TrlSftConfig

    mixed = rows(8), rows(5, "reverse", words=(2, 9))
    config = setup(sft__batch_size=shape[0], sft__accumulation_steps=shape[1], sft__max_grad_norm=1e9)
    caught: Gradients = {}

    class Catch(TrainerCallback):
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            caught.update({name: p.grad.clone() for name, p in kwargs["model"].named_parameters()})

    arguments = loop.arguments(config.sft, 13, base.parent / "none", 0, False, "cpu")
    stock = SFTTrainer(
        model=loading.load_policy(base, config.model, "cpu"),
        args=TrlSftConfig(**arguments, max_length=None),
        train_dataset=Dataset.from_list(
            [{"prompt": r.prompt, "completion": r.completion} for part in mixed for r in part]
        ),
        processing_class=tokenizer,
    )
    stock.add_callback(Catch())
    stock.train()
    forward, reverse = (tokenise.prepare(part, tokenizer, 128, "drop").rows for part in mixed)
    over = {"sft__aux_weight": 1.0, "sft__normalize": "tokens"}
    ours = one_step(base, tokenizer, setup, forward, reverse, shape, **over)
    assert_same(ours, (stock.state.log_history[0]["loss"], caught))


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("shape", [(8, 1), (1, 8)])
@pytest.mark.parametrize("capacity", [64, 100, 400])
def test_packed_rows_see_nothing_of_each_other(
    base: Path,
    tokenizer: Any,
    setup: Any,
    forward: Any,
    reverse: Any,
    capacity: int,
    shape: tuple[int, int],
    plain: bool,
) -> None:
    over: dict[str, Any] = {"sft__aux_weight": 0.3}
    expected = one_step(base, tokenizer, setup, forward, reverse, **over)
    assert_same(one_step(base, tokenizer, setup, forward, reverse, shape, plain, capacity, **over), expected)


def test_packed_tokens_are_one_weighted_mean(
    base: Path, tokenizer: Any, setup: Any, forward: Any, reverse: Any
) -> None:
    over: dict[str, Any] = {"sft__aux_weight": 0.3, "sft__normalize": "tokens"}
    expected = one_step(base, tokenizer, setup, forward, reverse, (13, 1), **over)
    assert_same(one_step(base, tokenizer, setup, forward, reverse, (13, 1), capacity=128, **over), expected)


def test_all_answers_of_a_conversation_are_learnt(base: Path, tokenizer: Any, setup: Any, rows: Rows) -> None:
    first, second = rows(2)
    both = replace(second, prompt=[*first.prompt, *first.completion, *second.prompt])
    last, whole = (tokenise.prepare([both], tokenizer, 128, "drop", answers).rows[0] for answers in ("last", "all"))
    assert last.answers == whole.answers[1:]
    texts = [tokenizer.decode(whole.tokens[start:end]) for start, end in whole.answers]
    assert texts == [row.completion[0]["content"] + tokenizer.eos_token for row in (first, second)]
    expected = by_hand(base, setup, [(1.0, 1.0, whole)], [tokens_of([whole])])
    assert_same(one_step(base, tokenizer, setup, [whole], [], (1, 1)), expected)


def test_tokens_read_are_those_of_the_rows_that_count(forward: Any, reverse: Any) -> None:
    from crab.training import objective

    own, riders = (sum(len(row.tokens) for row in rows) for rows in (forward, reverse))
    for weights, read in (((1.0, 0.5), own + riders), ((1.0, 0.0), own), ((0.0, 1.0), riders)):
        for normalize in ("per_task", "tokens"):
            assert objective.weighted(forward, reverse, *weights, normalize, 0).tokens == read
        assert objective.weighted(forward, reverse, *weights, "per_task", 0, capacity=128).tokens == read

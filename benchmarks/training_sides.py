"""The same training by three loops: a bare one in PyTorch, ours, and stock TRL's.

The bare loop takes the very steps that ours takes, with the batches made beforehand: forward, loss, backward, clipping,
fused AdamW, and the output head on learnt positions only. Stock TRL gets the same rows and the same optimiser; it draws
its own batches, of as many rows, and knows one loss weight only. For DPO all three have the reference's
log-probabilities beforehand. Models and trainers are made in the first turn, and no checkpoint is written.
"""

from __future__ import annotations

import itertools
import math
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from datasets import Dataset, disable_progress_bars
from transformers import TrainerCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from benchmarks.training_material import SEED, Given, Size
from benchmarks.turns import Side, Turns
from crab.config.compute import ComputeConfig
from crab.config.optimiser import OptimiserConfig
from crab.training import objective, preference, runtime, supervised
from crab.training.batches import Collator, EpochSampler
from crab.training.dpo import TokenPair
from crab.training.objective import Objective

COMPUTE = ComputeConfig(threads=int(os.environ.get("OMP_NUM_THREADS", "1")), device="cpu")
RUN_BLOCKS = 100
"""Blocks in a whole run: so often our loop logs, and a block of it ends where it does."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a side is to do."""

    given: Given
    batch: int
    """Rows of a step; packed: sequences; for SFT without the reverse rows, which ride along."""
    block: int
    """Steps of a turn."""
    turns: int
    capacity: int | None = None
    """Tokens of a packed sequence."""

    def ahead(self, lengths: Sequence[int]) -> list[list[int]]:
        """Indices of the rows of every step, in our order."""
        return list(itertools.islice(self._steps(lengths), self.block * self.turns))

    def _steps(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        sampler = EpochSampler(lengths, self.batch, SEED)
        for epoch in itertools.count():
            sampler.set_epoch(epoch)
            order = iter(sampler)
            while step := list(itertools.islice(order, self.batch)):
                yield step


def sft(given: Given, size: Size, turns: int) -> dict[str, Side]:
    """Padded, and packed with about as many tokens a step."""
    torch.set_num_threads(COMPUTE.threads)
    disable_progress_bars()
    capacity = given.model.max_length
    packed = max(1, round(size.sft_batch * statistics.mean(len(row.tokens) for row in given.forward) / capacity))
    jobs = {
        "padded": Job(given, size.sft_batch, size.sft_block, turns),
        "packed": Job(given, packed, size.sft_block, turns, capacity),
    }
    loops = {"bare": _bare_sft, "ours": _our_sft, "TRL": _stock_sft}
    return {f"{who} {layout}": partial(loop, job) for layout, job in jobs.items() for who, loop in loops.items()}


def dpo(given: Given, size: Size, turns: int) -> dict[str, Side]:
    """Padded: packing is for SFT."""
    torch.set_num_threads(COMPUTE.threads)
    disable_progress_bars()
    job = Job(given, size.dpo_batch, size.dpo_block, turns)
    loops = {"bare": _bare_dpo, "ours": _our_dpo, "TRL": _stock_dpo}
    return {f"{who} padded": partial(loop, job) for who, loop in loops.items()}


# -- the bare loop ---------------------------------------------------------------------------------------------------


def _bare(
    model: Any, config: OptimiserConfig, loss: Callable[[int], Any], tokens: Sequence[int], block: int, turns: Turns
) -> None:
    optimiser = torch.optim.AdamW(
        model.parameters(), config.learning_rate, betas=(0.9, config.adam_beta2), weight_decay=0.0, fused=True
    )
    total = torch.zeros(())
    for step in range(len(tokens)):
        value = loss(step)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.max_grad_norm)
        optimiser.step()
        optimiser.zero_grad()
        total += value.detach()
        if (step + 1) % block == 0:
            turns.end(sum(tokens[step + 1 - block : step + 1]), total.item() / block)
            total.zero_()


def _bare_sft(job: Job, turns: Turns) -> None:
    goal = _goal(job)
    ahead = job.ahead(goal.lengths)
    collate = Collator(goal.terms, job.given.tokenizer.pad_token_id, job.capacity)
    blocks = [collate([{"index": index} for index in indices]) for indices in ahead]
    model = job.given.policy()

    def loss(step: int) -> torch.Tensor:
        own = blocks[step]
        labels, weights, terms = own["labels"][:, 1:], own["weights"][:, 1:], own["term"][:, 1:]
        learnt = labels != -100
        hidden = model.model(own["input_ids"], position_ids=own.get("position_ids"), use_cache=False)[0]
        nll = F.cross_entropy(model.lm_head(hidden[:, :-1][learnt]), labels[learnt], reduction="none")
        total = torch.zeros(())
        for place, (term, _) in enumerate(goal.terms):
            weight = weights[learnt] * (terms[learnt] == place)
            total = total + term.scale * (weight * nll).sum() / weight.sum()
        return total

    _bare(model, job.given.sft, loss, _sft_tokens(goal, ahead), job.block, turns)


def _bare_dpo(job: Job, turns: Turns) -> None:
    config = job.given.dpo
    assert config.beta is not None
    assert config.nll_weight is not None
    beta, nll_weight = config.beta, config.nll_weight
    ahead = job.ahead([pair.length for pair in job.given.pairs])
    pairs = [[job.given.pairs[index] for index in indices] for indices in ahead]
    blocks = [_side_by_side(own, job.given.tokenizer.pad_token_id) for own in pairs]
    model = job.given.policy()

    def log_probs(inputs: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums over each sequence's completion, and those of the chosen completions' tokens."""
        learnt = labels[:, 1:] != -100
        hidden = model.model(inputs, use_cache=False)[0]
        single = -F.cross_entropy(model.lm_head(hidden[:, :-1][learnt]), labels[:, 1:][learnt], reduction="none")
        sequence = learnt.nonzero()[:, 0]
        return torch.zeros(len(inputs)).index_add(0, sequence, single), single[sequence < len(inputs) // 2]

    with torch.no_grad():
        references = [log_probs(*own)[0] for own in blocks]

    def loss(step: int) -> torch.Tensor:
        sums, chosen = log_probs(*blocks[step])
        better, worse = (sums - references[step]).chunk(2)
        return -F.logsigmoid(beta * (better - worse)).mean() - nll_weight * chosen.mean()

    _bare(model, config, loss, _dpo_tokens(job.given.pairs, ahead), job.block, turns)


def _side_by_side(pairs: Sequence[TokenPair], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and labels, long [2 * pairs, length]: first the chosen responses, then the rejected ones."""
    rows = [(pair.prompt, pair.chosen) for pair in pairs] + [(pair.prompt, pair.rejected) for pair in pairs]
    shape = len(rows), max(len(prompt) + len(completion) for prompt, completion in rows)
    inputs, labels = torch.full(shape, pad), torch.full(shape, -100)
    for place, (prompt, completion) in enumerate(rows):
        end = len(prompt) + len(completion)
        inputs[place, : len(prompt)] = torch.from_numpy(prompt)
        inputs[place, len(prompt) : end] = labels[place, len(prompt) : end] = torch.from_numpy(completion)
    return inputs, labels


# -- ours ------------------------------------------------------------------------------------------------------------


def _our_sft(job: Job, turns: Turns) -> None:
    runtime.configure(COMPUTE)
    goal = _goal(job)
    tokens = _sft_tokens(goal, job.ahead(goal.lengths))
    config = job.given.sft.model_copy(update=_cut(job, len(goal.lengths)))
    with tempfile.TemporaryDirectory() as folder:
        supervised.fit(
            job.given.policy(), job.given.tokenizer, goal, config, None, SEED, False, "cpu", Path(folder), "sft",
            math.inf, lambda step, logs: turns.end(sum(tokens[step - job.block : step]), logs["loss"]), job.capacity,
        )  # fmt: skip


def _our_dpo(job: Job, turns: Turns) -> None:
    runtime.configure(COMPUTE)
    pairs = job.given.pairs
    tokens = _dpo_tokens(pairs, job.ahead([pair.length for pair in pairs]))
    config = job.given.dpo.model_copy(update=_cut(job, len(pairs)))
    with tempfile.TemporaryDirectory() as folder:
        preference.fit(
            job.given.policy(), job.given.tokenizer, pairs, config, None, False, "cpu", Path(folder), math.inf,
            lambda step, logs: turns.end(sum(tokens[step - job.block : step]), logs["loss"]),
        )  # fmt: skip


def _cut(job: Job, rows: int) -> dict[str, int]:
    return {"batch_size": job.batch, "epochs": _epochs(rows, job.batch, job.block)}


def _epochs(rows: int, batch: int, block: int) -> int:
    """So many that our loop, which logs at every hundredth of a run, logs at the end of each block."""
    an_epoch = math.ceil(rows / batch)
    assert an_epoch <= RUN_BLOCKS, f"{an_epoch} steps an epoch: take fewer rows, or no whole blocks make a run"
    return math.ceil(RUN_BLOCKS * block / an_epoch)


def _goal(job: Job) -> Objective:
    given, config = job.given, job.given.sft
    return objective.weighted(
        given.forward, given.reverse, config.forward_weight, config.aux_weight, config.normalize, SEED, job.capacity
    )


def _sft_tokens(goal: Objective, ahead: Sequence[Sequence[int]]) -> list[int]:
    """Real tokens of each step, forward and reverse."""
    units = [sum(len(row.tokens) for _, units in goal.terms for row in units[n]) for n in range(len(goal.lengths))]
    return [sum(units[index] for index in indices) for indices in ahead]


def _dpo_tokens(pairs: Sequence[TokenPair], ahead: Sequence[Sequence[int]]) -> list[int]:
    """Real tokens of each step, of both sequences of a pair."""
    own = [2 * len(pair.prompt) + len(pair.chosen) + len(pair.rejected) for pair in pairs]
    return [sum(own[index] for index in indices) for indices in ahead]


# -- stock TRL -------------------------------------------------------------------------------------------------------


class _Stops(TrainerCallback):
    """Ends a turn where its steps are done, and counts the tokens that the collator was given."""

    def __init__(self, trainer: Any, block: int, turns: Turns, count: Callable[[dict[str, Any]], int]) -> None:
        self.block, self.turns = block, turns
        self.tokens = 0
        collate = trainer.data_collator

        def counting(rows: list[dict[str, Any]]) -> Any:
            self.tokens += sum(map(count, rows))
            return collate(rows)

        trainer.data_collator = counting
        trainer.add_callback(self)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step % self.block == 0:
            self.turns.end(self.tokens)
            self.tokens = 0


def _stock_sft(job: Job, turns: Turns) -> None:
    rows = [*job.given.forward, *job.given.reverse]
    masks = [[int(any(first <= n < end for first, end in row.answers)) for n in range(len(row.tokens))] for row in rows]
    columns = {"input_ids": [row.tokens.tolist() for row in rows], "completion_mask": masks}
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=job.given.policy(),
            args=SFTConfig(
                **_stock(
                    job.given.sft, folder, 2 * job.batch
                ),  # in ours a reverse row rides along with each forward one
                packing=job.capacity is not None,
                max_length=job.given.model.max_length,
                completion_only_loss=True,
            ),
            train_dataset=Dataset.from_dict(columns),
            processing_class=job.given.tokenizer,
        )
        _Stops(trainer, job.block, turns, lambda row: len(row["input_ids"]))
        trainer.train()


class _TokenisedDPOTrainer(DPOTrainer):
    """Stock, but for rows that come tokenised."""

    def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
        return dataset


def _stock_dpo(job: Job, turns: Turns) -> None:
    config, names = job.given.dpo, ("prompt", "chosen", "rejected")
    columns = {f"{name}_ids": [getattr(pair, name).tolist() for pair in job.given.pairs] for name in names}
    assert config.beta is not None
    with tempfile.TemporaryDirectory() as folder:
        trainer = _TokenisedDPOTrainer(
            model=job.given.policy(),
            args=DPOConfig(
                **_stock(config, folder, job.batch),
                max_length=None,
                beta=config.beta,
                loss_type=["sigmoid", "sft"],
                loss_weights=[1.0, config.nll_weight or 0.0],
                precompute_ref_log_probs=True,
            ),
            train_dataset=Dataset.from_dict(columns),
            processing_class=job.given.tokenizer,
        )
        _Stops(trainer, job.block, turns, _tokens_of_columns)
        trainer.train()


def _tokens_of_columns(row: dict[str, Any]) -> int:
    return 2 * len(row["prompt_ids"]) + len(row["chosen_ids"]) + len(row["rejected_ids"])


def _stock(config: OptimiserConfig, folder: str, batch: int) -> dict[str, Any]:
    """What both of TRL's trainers are told: our optimiser, this machine, and to go on until they are stopped."""
    return {
        "output_dir": folder, "seed": SEED, "learning_rate": config.learning_rate, "lr_scheduler_type": "constant",
        "warmup_steps": 0, "weight_decay": 0.0, "adam_beta2": config.adam_beta2, "max_grad_norm": config.max_grad_norm,
        "per_device_train_batch_size": batch, "num_train_epochs": RUN_BLOCKS, "gradient_checkpointing": False,
        "use_cpu": True, "bf16": False, "save_strategy": "no", "report_to": "none", "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }  # fmt: skip

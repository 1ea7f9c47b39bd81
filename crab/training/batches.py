"""Which rows make a step: an order that depends on seed and epoch alone, so that a run can go on anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Sampler

from crab.core import randomness
from crab.training.tokenise import TokenRow

_POOL_STEPS = 50  # rows of this many steps are sorted by length together: little padding, and still a mixed order


def epoch_order(lengths: Sequence[int], step_rows: int, seed: int, epoch: int) -> list[int]:
    """Indices of all rows in the order of one epoch; each step's rows are of similar length.

    Rows are shuffled, sorted by length within pools, cut into steps, and the steps are shuffled. A step that is not
    full comes last.
    """
    rng = randomness.rng(seed, "order", epoch)
    indices = list(range(len(lengths)))
    rng.shuffle(indices)
    pool = step_rows * _POOL_STEPS
    steps: list[list[int]] = []
    for start in range(0, len(indices), pool):
        by_length = sorted(indices[start : start + pool], key=lambda index: lengths[index])
        steps += [by_length[first : first + step_rows] for first in range(0, len(by_length), step_rows)]
    rest = steps.pop() if steps and len(steps[-1]) < step_rows else []
    rng.shuffle(steps)
    return [index for step in [*steps, rest] for index in step]


class EpochSampler(Sampler[int]):
    """`epoch_order` for a trainer, which tells it the epoch."""

    def __init__(self, lengths: Sequence[int], step_rows: int, seed: int) -> None:
        self.lengths, self.step_rows, self.seed = lengths, step_rows, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(epoch_order(self.lengths, self.step_rows, self.seed, self.epoch))


def deal(hosts: Sequence[int], riders: Sequence[int], seed: int) -> list[list[int]]:
    """Which riders go with which host, given the lengths of both: evenly, and long ones with long ones.

    Returns:
        For each host the indices of its riders; every rider has exactly one host.
    """
    rng = randomness.rng(seed, "deal")
    seats = _by_length(hosts, rng)
    dealt: list[list[int]] = [[] for _ in hosts]
    for rank, rider in enumerate(_by_length(riders, rng)):
        dealt[seats[rank * len(hosts) // len(riders)]].append(rider)
    return dealt


def _by_length(lengths: Sequence[int], rng: Any) -> list[int]:
    indices = list(range(len(lengths)))
    rng.shuffle(indices)  # rows of equal length in no particular order
    return sorted(indices, key=lambda index: lengths[index])


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the objective: `scale` times the weighted mean over the completion tokens of its rows."""

    name: str
    scale: float


class Collator:
    """Turns row indices into padded blocks, one for each term of the objective.

    A block holds `input_ids` and `labels` (long [rows, length]; -100 marks prompt and padding), `weights` (float
    [rows]), `reverse` (bool [rows]) and `tokens` (long [rows]: completion tokens). There is no attention mask: rows
    are padded on the right and attention is causal, so no real token sees padding; torch then takes its fast path.
    """

    def __init__(self, blocks: Sequence[tuple[Term, Sequence[Sequence[TokenRow]]]], pad_token_id: int) -> None:
        self.blocks = blocks
        self.pad_token_id = pad_token_id

    def __call__(self, items: Sequence[dict[str, int]]) -> dict[str, Any]:
        batch: dict[str, Any] = {"indices": torch.tensor([item["index"] for item in items])}
        for term, groups in self.blocks:
            if rows := [row for item in items for row in groups[item["index"]]]:
                batch[term.name] = self._pad(rows)
        return batch

    def _pad(self, rows: Sequence[TokenRow]) -> dict[str, torch.Tensor]:
        width = max(len(row.tokens) for row in rows)
        inputs = np.full((len(rows), width), self.pad_token_id, dtype=np.int64)
        labels = np.full((len(rows), width), -100, dtype=np.int64)
        for place, row in enumerate(rows):
            inputs[place, : len(row.tokens)] = row.tokens
            labels[place, row.prompt_tokens : len(row.tokens)] = row.tokens[row.prompt_tokens :]
        return {
            "input_ids": torch.from_numpy(inputs),
            "labels": torch.from_numpy(labels),
            "weights": torch.tensor([row.weight for row in rows], dtype=torch.float32),
            "reverse": torch.tensor([row.reverse for row in rows]),
            "tokens": torch.tensor([row.completion_tokens for row in rows]),
        }

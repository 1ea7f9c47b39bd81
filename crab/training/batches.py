"""Which rows make a step: an order that depends on seed and epoch alone, so that a run can go on anywhere."""

from __future__ import annotations

from bisect import bisect_left, insort
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
    """`epoch_order` for a trainer, which tells it the epoch.

    The last step is filled up with the index after the last row, which stands for no row: several processes then take
    part in every step alike, and none sees a row twice.
    """

    def __init__(self, lengths: Sequence[int], step_rows: int, seed: int, fill: bool = False) -> None:
        self.lengths, self.step_rows, self.seed, self.fill = lengths, step_rows, seed, fill
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths) + self._missing

    def __iter__(self) -> Iterator[int]:
        order = epoch_order(self.lengths, self.step_rows, self.seed, self.epoch)
        return iter(order + [len(self.lengths)] * self._missing)

    @property
    def _missing(self) -> int:
        return -len(self.lengths) % self.step_rows if self.fill else 0


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


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Which rows share a sequence of at most `capacity` tokens: best fit, longest first; a longer row stands alone.

    Returns:
        Indices of the rows of each sequence, every row once.
    """
    sequences: list[list[int]] = []
    rooms: list[tuple[int, int]] = []  # free tokens and the sequence they are in, sorted
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        place = bisect_left(rooms, (lengths[index], -1))
        if place == len(rooms):
            room, sequence = capacity, len(sequences)
            sequences.append([])
        else:
            room, sequence = rooms.pop(place)
        sequences[sequence].append(index)
        insort(rooms, (room - lengths[index], sequence))
    return sequences


class Collator:
    """Turns indices of units into one padded block: forward and reverse rows go through the model together.

    A block holds `input_ids` and `labels` (long [sequences, length]; -100 marks what is not learnt), `weights`
    (float, of the same shape: its row's weight at every learnt token, else 0), `term` (long: which term of the
    objective a token belongs to) and `reverse` (bool). There is no attention mask: sequences are padded on the
    right and attention is causal, so no real token sees padding; torch then takes its fast path. With a capacity
    several rows share a sequence, and `position_ids` begin anew with each row: transformers then lets no row see
    another one. A batch without any row still gives a block, of weight 0, since processes that share the weights
    must all take part in every pass.
    """

    def __init__(
        self,
        terms: Sequence[tuple[Term, Sequence[Sequence[TokenRow]]]],
        pad_token_id: int,
        capacity: int | None = None,
    ) -> None:
        self.terms = terms
        self.pad_token_id = pad_token_id
        self.capacity = capacity

    def __call__(self, items: Sequence[dict[str, int]]) -> dict[str, torch.Tensor]:
        # An index after the last unit stands for nothing; see EpochSampler.
        rows = [
            (place, row)
            for place, (_, units) in enumerate(self.terms)
            for item in items
            if item["index"] < len(units)
            for row in units[item["index"]]
        ]
        if not rows:
            rows = [(0, TokenRow(np.full(2, self.pad_token_id, dtype=np.int32), ((1, 2),), weight=0.0))]
        if self.capacity is None:
            return self._pad([[row] for row in rows])
        shared = pack([len(row.tokens) for _, row in rows], self.capacity)
        return self._pad([[rows[index] for index in indices] for indices in shared])

    def _pad(self, sequences: Sequence[Sequence[tuple[int, TokenRow]]]) -> dict[str, torch.Tensor]:
        shape = len(sequences), max(sum(len(row.tokens) for _, row in rows) for rows in sequences)
        inputs = np.full(shape, self.pad_token_id, dtype=np.int64)
        labels = np.full(shape, -100, dtype=np.int64)
        weights = np.zeros(shape, dtype=np.float32)
        terms = np.zeros(shape, dtype=np.int64)
        reverse = np.zeros(shape, dtype=bool)
        positions = np.tile(np.arange(shape[1]), (shape[0], 1))
        for place, rows in enumerate(sequences):
            start = 0
            for term, row in rows:
                inputs[place, start : start + len(row.tokens)] = row.tokens
                positions[place, start:] = np.arange(shape[1] - start)
                terms[place, start:], reverse[place, start:] = term, row.reverse
                for first, end in row.answers:
                    labels[place, start + first : start + end] = row.tokens[first:end]
                    weights[place, start + first : start + end] = row.weight
                start += len(row.tokens)
        block = {"input_ids": inputs, "labels": labels, "weights": weights, "term": terms, "reverse": reverse}
        if self.capacity is not None:
            block["position_ids"] = positions
        return {name: torch.from_numpy(values) for name, values in block.items()}

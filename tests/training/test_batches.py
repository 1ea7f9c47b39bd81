from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crab.training import batches
from crab.training.batches import Collator, Term
from crab.training.tokenise import TokenRow

LENGTHS = st.lists(st.integers(1, 200), min_size=1, max_size=300)


@given(lengths=LENGTHS, step_rows=st.integers(1, 16), epoch=st.integers(0, 3))
def test_an_epoch_visits_every_row_once(lengths: list[int], step_rows: int, epoch: int) -> None:
    order = batches.epoch_order(lengths, step_rows, 7, epoch)
    assert sorted(order) == list(range(len(lengths)))
    assert order == batches.epoch_order(lengths, step_rows, 7, epoch)


def test_epochs_and_seeds_differ() -> None:
    lengths = [number % 50 for number in range(200)]
    orders = {tuple(batches.epoch_order(lengths, 8, seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4


def test_a_step_pads_little() -> None:
    lengths = [5 + number % 97 for number in range(4000)]
    order = batches.epoch_order(lengths, 8, 0, 0)
    steps = [[lengths[index] for index in order[start : start + 8]] for start in range(0, len(order), 8)]
    padded = sum(len(step) * max(step) for step in steps)
    assert padded < 1.05 * sum(lengths)


def test_the_sampler_follows_the_epoch() -> None:
    sampler = batches.EpochSampler([3] * 40, 4, 0)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    sampler.set_epoch(0)
    assert list(sampler) == first


@given(hosts=LENGTHS, riders=st.lists(st.integers(1, 200), max_size=300))
def test_every_rider_has_one_host_and_hosts_share_evenly(hosts: list[int], riders: list[int]) -> None:
    dealt = batches.deal(hosts, riders, 0)
    assert len(dealt) == len(hosts)
    assert sorted(rider for group in dealt for rider in group) == list(range(len(riders)))
    sizes = [len(group) for group in dealt]
    assert max(sizes) - min(sizes) <= 1


def test_long_riders_go_with_long_hosts() -> None:
    dealt = batches.deal([10, 1000], [900, 20], 0)
    assert dealt == [[1], [0]]


ROWS = [
    TokenRow(np.array([5, 6, 7, 8], dtype=np.int32), ((2, 4),)),
    TokenRow(np.array([5, 9], dtype=np.int32), ((1, 2),), 0.5, True),
]


def block(capacity: int | None, *indices: int) -> dict[str, list[list[float]]]:
    terms = [(Term("forward", 1.0), [[ROWS[0]]]), (Term("reverse", 0.3), [[ROWS[1]]])]
    made = Collator(terms, 0, capacity)([{"index": index} for index in indices])
    return {name: values.tolist() for name, values in made.items()}


def test_a_block_masks_prompt_and_padding() -> None:
    assert block(None, 0) == {
        "input_ids": [[5, 6, 7, 8], [5, 9, 0, 0]],
        "labels": [[-100, -100, 7, 8], [-100, 9, -100, -100]],
        "weights": [[0, 0, 1, 1], [0, 0.5, 0, 0]],
        "term": [[0] * 4, [1] * 4],
        "reverse": [[False] * 4, [True] * 4],
    }


def test_packed_rows_begin_at_position_zero() -> None:
    assert block(6, 0) == {
        "input_ids": [[5, 6, 7, 8, 5, 9]],
        "labels": [[-100, -100, 7, 8, -100, 9]],
        "weights": [[0, 0, 1, 1, 0, 0.5]],
        "term": [[0] * 4 + [1] * 2],
        "reverse": [[False] * 4 + [True] * 2],
        "position_ids": [[0, 1, 2, 3, 0, 1]],
    }


def test_no_row_still_gives_a_block_of_no_weight() -> None:
    nothing = block(None, 1)
    assert nothing["weights"] == [[0, 0]]
    assert nothing["labels"] == [[-100, 0]]


def test_several_processes_fill_the_last_step_with_no_rows() -> None:
    sampler = batches.EpochSampler([3] * 10, 4, 0, fill=True)
    assert list(sampler)[10:] == [10, 10]
    assert len(sampler) == 12


@given(lengths=LENGTHS, capacity=st.integers(1, 300))
def test_packing_keeps_every_row_once_within_the_capacity(lengths: list[int], capacity: int) -> None:
    sequences = batches.pack(lengths, capacity)
    assert sorted(index for sequence in sequences for index in sequence) == list(range(len(lengths)))
    for sequence in sequences:
        assert len(sequence) == 1 or sum(lengths[index] for index in sequence) <= capacity
    # No two sequences could be joined: at most one of those that fit is half full or less.
    assert sum(sum(lengths[index] for index in sequence) * 2 <= capacity for sequence in sequences) <= 1

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


def test_a_block_masks_prompt_and_padding() -> None:
    rows = [
        TokenRow(np.array([5, 6, 7, 8], dtype=np.int32), 2),
        TokenRow(np.array([5, 9], dtype=np.int32), 1, 0.5, True),
    ]
    block = Collator([(Term("forward", 1.0), [[row] for row in rows])], pad_token_id=0)([{"index": 0}, {"index": 1}])[
        "forward"
    ]
    assert block["input_ids"].tolist() == [[5, 6, 7, 8], [5, 9, 0, 0]]
    assert block["labels"].tolist() == [[-100, -100, 7, 8], [-100, 9, -100, -100]]
    assert block["tokens"].tolist() == [2, 1]
    assert block["weights"].tolist() == [1.0, 0.5]
    assert block["reverse"].tolist() == [False, True]

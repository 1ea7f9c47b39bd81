"""The price of our prompt plan beside the reference's, on real records."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import teacher_tokens

ROOT = Path(__file__).parents[2]


def test_an_engine_computes_at_most_a_third_of_the_references_tokens() -> None:
    folder = Path(os.environ.get("CRAB_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (set CRAB_SHARED_DATA)")
    seeds, texts = teacher_tokens.load(folder, 40)
    encode = teacher_tokens.trained_on([seed.instruction + seed.response for seed in seeds] + texts)
    found = teacher_tokens.measure(seeds, texts, encode)
    ratio = found["computed_ratio"]
    assert isinstance(ratio, dict)
    assert ratio["ours"] <= 1 / 3


def test_a_prefix_is_computed_once_and_only_in_whole_blocks() -> None:
    cache = teacher_tokens.PrefixCache()
    tokens = list(range(100))
    assert cache.computed(tokens) == 100
    assert cache.computed(tokens) == 4
    assert cache.computed([*tokens[:40], *range(500, 560)]) == 68
    assert cache.computed([7, *tokens]) == 101
    assert cache.computed(tokens[:16]) == 1

from __future__ import annotations

from pathlib import Path

import pytest

from crab.cli import compose
from crab.core.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["eval.max_new_tokens=1024"], "leaves no room for a prompt"),
        (["dpo.max_length=2048"], "is above what tiny holds"),
        (["dpo.max_new_tokens=64", "dpo.max_length=64"], "leaves no room for a prompt in max_length = 64"),
        (["mix=none", "sft.forward_weight=0"], "nothing would be trained"),
        (["model=llama3_8b_qlora", "launch=fsdp"], "use launch=multi_gpu: each GPU holds the frozen weights"),
        (["mix.reverse.share=1.0", "mix.reverse.seeds=disjoint"], "no record is left for the forward task"),
        (["dpo=grpo", "launch=cpu", "sft.accumulation_steps=2"], "its samples would depend on their number"),
    ],
)
def test_combinations_that_cannot_work_are_refused(overrides: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        compose.composed(ROOT, overrides)


def test_the_same_values_are_fine_where_they_make_sense() -> None:
    compose.composed(ROOT, ["mix.reverse.share=1.0", "mix.reverse.seeds=disjoint", "sft.normalize=tokens"])
    compose.composed(ROOT, ["mix=none"])

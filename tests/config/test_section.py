from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from crab.config.section import Section, load, problems_in, read_params
from crab.core.errors import ConfigError


class Inner(Section):
    rank: int = Field(ge=1)


class Toy(Section):
    beta: float = Field(gt=0)
    loss: Literal["sigmoid", "ipo"]
    inner: Inner | None


SOUND = {"beta": 0.1, "loss": "ipo", "inner": {"rank": 4}}


def test_a_sound_section_loads_and_does_not_change() -> None:
    toy = load("dpo", Toy, {"dpo": SOUND})
    assert toy.inner is not None
    assert toy.inner.rank == 4
    with pytest.raises(ValueError, match="frozen"):
        toy.beta = 2.0  # type: ignore[misc]


def test_all_problems_are_told_at_once() -> None:
    values = {"bta": 0.1, "loss": "dpo", "inner": {"rank": 0, "rnk": 1}}
    told = "\n".join(str(problem) for problem in problems_in("dpo", Toy, values))
    assert "unknown key 'bta'; did you mean 'beta'?" in told
    assert "'beta' is not set" in told
    assert "loss = 'dpo'" in told
    assert "inner.rank = 0" in told
    assert "unknown key 'inner.rnk'; did you mean 'rank'?" in told
    assert "conf/dpo" in told


@pytest.mark.parametrize("value", ["5e-6", "???", True, None])
def test_types_are_not_guessed(value: object) -> None:
    assert problems_in("dpo", Toy, {**SOUND, "beta": value})


def test_a_missing_section_is_one_problem() -> None:
    assert [str(p) for p in problems_in("dpo", Toy, None)] == [
        "params.yaml [dpo]: section is missing; edit conf/dpo, then `python -m crab compose`"
    ]


def test_yaml_is_read_as_dvc_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("a: 5e-06\nb: on\n")
    assert read_params(path) == {"a": 5e-06, "b": "on"}


@pytest.mark.parametrize("text", ["a: [1", "- 1\n", ""])
def test_a_broken_file_is_a_config_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"params\.yaml"):
        read_params(path)

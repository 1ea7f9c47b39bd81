"""`params.yaml` from `conf/`: as DVC makes it, and checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crab import experiment
from crab.cli import compose
from crab.config.section import read_params
from crab.core.errors import ConfigError
from tests.tracking.toy_project import ROOT, Project, clean_environment

DVC = """
import sys
from dvc.utils.hydra import compose_and_dump
compose_and_dump(sys.argv[2], sys.argv[1] + "/conf", None, "config", sys.argv[1] + "/conf", sys.argv[3:])
"""


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["model=tiny_mistral", "mix=none", "track=none"],
        ["sft.aux_weight=5e-3", "random_seed=7", "eval.limit=20", "seed=files", "seed.path=[a.jsonl]"],
    ],
    ids=["defaults", "groups", "values"],
)
def test_the_same_bytes_as_dvc(tmp_path: Path, overrides: list[str]) -> None:
    theirs = tmp_path / "theirs.yaml"
    subprocess.run(
        [sys.executable, "-c", DVC, str(ROOT), str(theirs), *overrides], check=True, env=clean_environment(), cwd=ROOT
    )
    assert compose.composed(ROOT, overrides) == theirs.read_text()


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("sft.aux_weigt=1", "Key 'aux_weigt' is not in struct"),
        ("model=nope", "Available options in 'model'"),
        ("sft.aux_weight=lots", "params.yaml [sft]: aux_weight = 'lots'"),
        ("sft.aux_weight=???", "sft.aux_weight is mandatory and not set"),
        ("name=???", "name is mandatory and not set"),
        ("random_seed=1.5", "random_seed is 1.5, not a whole number"),
        ("+extra.x=1", "unknown section 'extra'"),
        ("dpo.max_new_tokens=100000", "leaves no room for a prompt in max_length"),
        ("eval.max_new_tokens=100000", "tiny has 1024 positions"),
        ("unseen.types=[titel]", "no constraint type or category is called 'titel' (title?)"),
        ("+mix.selection.weights.lenght=1", "'lenght' (length?)"),
        ("+heldout.selection.weights.itmes=1", "'itmes' (items?)"),
        ("launch.processes=2", "needs a distributed_type: launch=multi_gpu"),
        ("launch=multi_gpu", "sft.accumulation_steps and dpo.accumulation_steps"),
        ("track.uri=http://me:secret@there", "params.yaml is committed"),
        ("sft.aux_weight=${nowhere}", "Interpolation key 'nowhere' not found"),
    ],
)
def test_what_cannot_work_is_said(override: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compose.composed(ROOT, [override])
    assert says in str(caught.value)
    assert "full_key" not in str(caught.value)


def test_problems_of_several_sections_come_together() -> None:
    with pytest.raises(ConfigError) as caught:
        compose.composed(ROOT, ["sft.aux_weight=lots", "compute.threads=0", "sft.forward_weight=-1", "mix.count.low=9"])
    for word in ("aux_weight", "forward_weight", "threads", "mix"):
        assert word in str(caught.value)


def test_combinations_are_checked_where_their_sections_are_sound() -> None:
    params = read_params(ROOT / "params.yaml")
    assert experiment.validate(params) == []
    params["sft"]["forward_weight"] = 0.0
    params["mix"]["reverse"]["share"] = 0.0
    (problem,) = experiment.validate(params)
    assert "nothing would be trained" in problem.found
    params["mix"]["reverse"]["share"] = "none"
    assert [p.where for p in experiment.validate(params)] == ["params.yaml [mix]"]


def test_check_compares_what_is_committed(project: Project) -> None:
    assert "in step" in project.crab("compose", "--check").stdout
    project.crab("compose", "sft.aux_weight=0.5")
    assert "in step" in project.crab("compose", "--check").stdout, "a working copy may differ after `dvc exp run -S`"
    project.run("git", "add", "params.yaml")
    done = project.crab("compose", "--check", ok=False)
    assert done.returncode == 1
    assert "sft.aux_weight is '0.5', conf/ says" in done.stderr
    assert "python -m crab compose" in done.stderr
    project.crab("compose")
    project.run("git", "add", "params.yaml")
    project.crab("compose", "--check")


def test_a_mistake_is_one_message(project: Project) -> None:
    done = project.crab("compose", "model=nope", ok=False)
    assert done.returncode == 1
    assert done.stderr.startswith("crab: conf: ")
    assert "Traceback" not in done.stderr

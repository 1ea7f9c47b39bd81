"""Every file in conf/ composes, validates, and says what it is for."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from crab.cli import compose, families
from crab.tracking import story

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"
FILES = sorted(file for file in CONF.rglob("*.yaml"))
# selection: parts of mix and heldout
NO_GROUPS = (CONF, *(CONF / name for name in ("family", "study", "study/shared", "candidate", "selection")))
OPTIONS = [file.relative_to(CONF).with_suffix("") for file in FILES if file.parent not in NO_GROUPS]
FOLLOWBENCH = ["eval.followbench.prompts.path=conf"]
NEEDS = {
    "seed=files": ["seed.path=[params.yaml]"],
    "general=files": ["general.path=[params.yaml]"],
    "dpo=files": ["dpo.pairs.path=[params.yaml]"],
    "seed=hub": ["seed.dataset.name=owner/pairs"],
    "eval=followbench": FOLLOWBENCH,
    "eval=all": FOLLOWBENCH,
    "eval=paper": FOLLOWBENCH,
    **{f"experiment={file.stem}": FOLLOWBENCH for file in CONF.glob("experiment/paper_*.yaml")},
    **{f"experiment={name}": FOLLOWBENCH for name in ("crab_released_raw", "crab_released_clean")},
    "teacher=given": ["seed=crab_released"],
    "launch=cpu": ["sft.accumulation_steps=2", "dpo.accumulation_steps=2"],
    **{f"launch={name}": ["model=mistral7b"] for name in ("multi_gpu", "fsdp", "deepspeed_zero3")},
    "teacher=endpoint": ["teacher.llm.model.name=served"],
    "teacher=self": ["teacher.llm.model.digest=none"],  # composing it freezes the present model
    "experiment=teacher_self": ["teacher.llm.model.digest=none"],
    "judge=endpoint": ["judge.llm.model.name=served"],
}


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_every_option_composes_and_validates(option: Path) -> None:
    override = f"{option.parent}={option.name}"
    text = compose.composed(ROOT, [override, *NEEDS.get(override, [])])
    assert "???" not in text
    assert "${" not in text


@pytest.mark.parametrize("file", sorted(CONF.glob("experiment/*.yaml")), ids=lambda file: file.stem)
def test_every_experiment_runs_at_toy_size(file: Path) -> None:
    params = YAML(typ="safe").load(compose.composed(ROOT, [f"experiment={file.stem}", "scale=toy"]))
    assert params["name"] == file.stem
    assert params["model"]["base"]["source"] == "built"
    assert params["seed"]["source"] == "builtin"
    assert params["teacher"]["llm"] is None
    assert params["general"]["source"] == "none"
    assert params["dpo"]["source"] in ("onpolicy", "witness")
    assert params["launch"]["processes"] == 1


@pytest.mark.parametrize("file", sorted(CONF.glob("experiment/*.yaml")), ids=lambda file: file.stem)
def test_every_experiment_asks_names_itself_and_changes_something(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert story.opening(text).endswith("?")
    assert any("dvc exp run" in line and f"experiment={file.stem}" in line for line in comments)
    override = f"experiment={file.stem}"
    composed = YAML(typ="safe").load(compose.composed(ROOT, [override, *NEEDS.get(override, [])]))
    assert story.changes(composed, compose.composed(ROOT)), "only its name differs from the default"


@pytest.mark.parametrize("name", families.names(ROOT))
def test_every_family_asks_and_names_itself(name: str) -> None:
    text = (CONF / "family" / f"{name}.yaml").read_text(encoding="utf-8")
    assert story.opening(text).endswith("?")
    assert families.load(ROOT, name).question.endswith("?")
    assert f"python -m crab family run {name}" in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CONF)))
def test_every_file_opens_with_its_purpose(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[:2]
    assert any(line.startswith("# ") and len(line) > 30 for line in first)


def test_the_committed_params_are_in_step() -> None:
    """Against what git holds: a working copy after `dvc exp run -S` differs rightly."""
    compose.check(ROOT)

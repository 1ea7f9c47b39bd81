"""teacher=self: the model is an input with known content, and the same command means the same teacher."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crab.core import paths
from crab.core.errors import ResourceError
from crab.synthesis import frozen
from crab.synthesis.asking import locate
from tests.synthesis.scripted import MODEL, proposer

LOCK = """\
stages:
  backtranslate:
    params:
      params.yaml:
        teacher.llm: {llm}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.setenv("CRAB_ROOT", str(tmp_path))
    return tmp_path


def train(root: Path, weights: str, llm: str = "null") -> None:
    """What DVC does: outputs are removed, then made anew."""
    shutil.rmtree(root / "models", ignore_errors=True)
    (root / "models" / "sft").mkdir(parents=True)
    (root / "models" / "sft" / "weights").write_text(weights)
    (root / "dvc.lock").write_text(LOCK.format(llm=llm))


def test_the_model_is_kept_under_its_content(root: Path) -> None:
    train(root, "first")
    name = frozen.resolve("models/sft", root)
    train(root, "second")
    assert (root / ".work" / "teachers" / name / "weights").read_text() == "first"
    assert frozen.resolve("models/sft", root) != name


def test_a_model_that_it_taught_does_not_take_its_place(root: Path) -> None:
    train(root, "first")
    name = frozen.resolve("models/sft", root)
    train(root, "taught", f"{{model: {{folder: .work/teachers/{name}}}}}")
    assert frozen.resolve("models/sft", root) == name
    train(root, "by another teacher", "{model: {folder: null}}")
    assert frozen.resolve("models/sft", root) != name


def test_it_can_be_told_to(root: Path) -> None:
    train(root, "first")
    name = frozen.resolve("models/sft", root)
    train(root, "taught", f"{{model: {{folder: .work/teachers/{name}}}}}")
    second = frozen.freeze(root / "models" / "sft", root)
    assert frozen.resolve("models/sft", root) == second != name


def test_a_model_that_is_not_in_the_workspace_was_frozen_before_or_is_missing(root: Path) -> None:
    assert frozen.resolve("models/sft", root) == frozen.MISSING
    train(root, "first")
    name = frozen.resolve("models/sft", root)
    shutil.rmtree(root / "models")
    assert frozen.resolve("models/sft", root) == name


def test_a_missing_model_says_what_to_do(root: Path) -> None:
    from crab.config.engine import EngineConfig
    from crab.config.llm import BudgetConfig, ServiceConfig
    from tests.sections import from_conf

    service = ServiceConfig(
        engine=from_conf(EngineConfig, "engine", "transformers"),
        budget=BudgetConfig(max_requests=None, max_tokens=None, max_money=None),
    )
    model = MODEL.model_copy(update={"folder": ".work/teachers/missing", "digest": "missing"})
    llm = proposer(model=model)
    with pytest.raises(ResourceError, match=r"dvc exp run.*teacher freeze"):
        locate("teacher", llm, service)
    assert paths.main_checkout() == root

"""Every recipe of docs/how_to does what it says, followed as it stands in a copy of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.docs.pages import HOW_TO
from tests.docs.recipe import Copy

pytestmark = pytest.mark.slow

LONG = r"^dvc (exp show|exp diff)|family (run|compare)"
"""Parsed, not run: minutes of training, or an empty table."""


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def params(copy: Copy) -> dict[str, Any]:
    values: dict[str, Any] = YAML(typ="safe").load((copy.root / "params.yaml").read_text(encoding="utf-8"))
    return values


def dependencies(copy: Copy, stage: str) -> list[str]:
    found: list[str] = YAML(typ="safe").load((copy.root / "dvc.yaml").read_text(encoding="utf-8"))["stages"][stage][
        "deps"
    ]
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_recipe_is_followed() -> None:
    followed = {name.removeprefix("test_add_") for name in globals() if name.startswith("test_add_")}
    assert followed == {page.stem for page in HOW_TO.glob("*.md")}


def test_add_constraint_type(copy: Copy) -> None:
    said = copy.follow(HOW_TO / "constraint_type.md")
    types = {one["name"]: one for one in json.loads(said["python -m crab constraints types --json"])}
    assert types["style:addressee"]["checkable"] is False
    assert "style:addressee" in (copy.root / "docs" / "constraints.md").read_text(encoding="utf-8")
    assert params(copy)["unseen"]["types"] == ["case", "title"]


def test_add_model(copy: Copy) -> None:
    said = copy.follow(HOW_TO / "model.md")
    assert "4 passed" in next(text for at, text in said.items() if "pytest" in at)
    assert "smollm2_135m, 134,515,008 parameters" in next(text for at, text in said.items() if "crab plan" in at)
    copy.run("-m", "crab", "compose", "model=tiny_qwen", "scale=trial", "seed.limit=100", "base.max_tokens=4000")
    for stage in ("seed", "base"):
        copy.run("-m", f"stages.{stage}")
    built = json.loads((copy.root / "models" / "base" / "config.json").read_text())
    assert built["model_type"] == "qwen2"


def test_add_teacher(copy: Copy) -> None:
    copy.run("-m", "crab", "compose", "scale=trial", "seed.limit=40")
    said = copy.follow(HOW_TO / "teacher.md")
    estimate = next(text for at, text in said.items() if "estimate" in at)
    assert "Qwen/Qwen2.5-7B-Instruct" in estimate
    assert "mistralai/Mistral-7B-Instruct-v0.3" in estimate
    made = params(copy)
    assert set(made["teacher"]["llm"]["groups"]) == {"meaning"}
    assert made["judge"]["service"]["engine"]["openai"]["base_url"].endswith(":8001/v1")


def test_add_seed_source(copy: Copy) -> None:
    copy.follow(HOW_TO / "seed_source.md")
    kept = [
        seed for split in ("train", "dev", "heldout") for seed in lines(copy.root / "data" / "seed" / f"{split}.jsonl")
    ]
    assert {seed["instruction"] for seed in kept} == {"How long should green tea steep?", "Can I use the leaves again?"}
    assert {seed["source"] for seed in kept} == {"faq_example"}
    gone = lines(copy.root / "data" / "seed" / "rejected.jsonl")
    assert [line["reason"] for line in gone] == ["no question", "empty"]
    assert "crab/data/sources/faq.py" in dependencies(copy, "seed")


def test_add_benchmark(copy: Copy) -> None:
    copy.follow(HOW_TO / "benchmark.md")
    found = json.loads((copy.root / "scored" / "metrics.json").read_text())["facts"]["answers"]
    assert (found["accuracy"]["mean"], found["accuracy"]["n"]) == (0.5, 2)
    reasons = [line["reason"] for line in lines(copy.root / "scored" / "records" / "facts.jsonl")]
    assert reasons == ["'carbon dioxide' occurs", "'eight' does not occur"]
    assert params(copy)["eval"]["benchmarks"] == ["heldout", "facts"]
    assert "crab/evaluation/facts.py" in dependencies(copy, "eval")


def test_add_ablation(copy: Copy) -> None:
    copy.run("-m", "crab", "compose")
    before = params(copy)
    said = copy.follow(HOW_TO / "ablation.md", leave_out=LONG)
    made = params(copy)
    assert [key for key in made if made[key] != before[key]] == ["name", "dpo"]
    assert "dpo_pull (6 runs)" in said["python -m crab family list"]

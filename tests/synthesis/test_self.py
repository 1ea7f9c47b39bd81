"""teacher=self through the real stages: a tiny model of our own proposes on a CPU, and the checkers say how well."""

from __future__ import annotations

from pathlib import Path

import pytest

from crab.core import io
from crab.core.records import Example
from crab.prompts import reverse
from tests.engines.conftest import build_model
from tests.synthesis.test_stages import RESPONSES, Project

LIST = "- Write everything in lowercase.\n- Use exactly 3 bullet points.\n- Be kind."


def memorise(folder: Path) -> None:
    """Train a model to answer every question with the same list."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    torch.manual_seed(0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(120):
        question = reverse.ask(f"Tell me about train {step % 6}.", RESPONSES[step % 4] + f" {step % 12}", step % 3)
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": LIST}]
        prompt = tokenizer.apply_chat_template(turns[:1], add_generation_prompt=True, tokenize=False)
        full = tokenizer.apply_chat_template(turns, tokenize=False)
        ids = tokenizer(full, add_special_tokens=False, return_tensors="pt")["input_ids"]
        labels = ids.clone()
        labels[:, : len(tokenizer(prompt, add_special_tokens=False)["input_ids"])] = -100
        model(input_ids=ids, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    model.save_pretrained(folder)


@pytest.mark.slow
def test_our_own_model_proposes_and_the_checkers_give_its_precision(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project")
    overrides = ["track=none", "launch.workers=1", "teacher=self", "model.max_new_tokens=100"]

    project.python("-m", "crab", "compose", *overrides)
    stopped = project.stage("backtranslate", ok=False)
    assert stopped.returncode == 1
    assert "teacher=self needs a model that was trained before" in stopped.stderr
    assert "Traceback" not in stopped.stderr

    model = project.root / "models" / "sft"
    model.parent.mkdir()
    memorise(build_model(model, positions=512))
    project.python("-m", "crab", "compose", *overrides)
    (frozen,) = [folder for folder in (project.root / ".work" / "teachers").iterdir() if folder.is_dir()]
    assert f"digest: {frozen.name}" in (project.root / "params.yaml").read_text()
    project.stage("backtranslate")
    project.stage("verify")
    proposed, decided = (project.json(f"results/{name}.json")["teacher"] for name in ("backtranslate", "verify"))
    assert isinstance(proposed, dict)
    assert isinstance(decided, dict)
    assert proposed["proposed"] == proposed["kept"] + sum(proposed["rejected"].values())
    assert proposed["rejected"]["no program reads it"] > 0  # Be kind.
    assert decided["proposed"] == proposed["kept"]
    assert 0 < decided["by_checker"]["precision"] < 1  # some records have three bullet points
    for example in io.read(project.root / "data" / "verified" / "train.jsonl", Example):
        assert {constraint.origin for constraint in example.constraints} == {"teacher"}

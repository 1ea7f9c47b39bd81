"""One held-out prompt with every model's answer and the verdicts on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crab.core.records import EvalPrompt
from crab.evaluation.heldout import Scored
from crab.report import stored
from crab.report.scores import place

RECORDS = Path("results/records/heldout.jsonl")
ASKED = 3
"""Constraints of the prompt that is shown: enough to see some met and some not."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The prompt, and what each model made of it."""

    prompt: EvalPrompt
    scored: tuple[Scored, ...]


def build(root: Path) -> Answers | None:
    """The first prompt that asks for `ASKED` constraints, or the first of all; None where there are no answers.

    The choice is blind to what was answered.
    """
    split = ((stored.metrics(root, "metrics") or {}).get("heldout") or {}).get("split", "heldout")
    prompts = list(stored.records(root / f"data/verified/prompts_{split}.jsonl", EvalPrompt))
    chosen = next((prompt for prompt in prompts if len(prompt.constraints) == ASKED), next(iter(prompts), None))
    if chosen is None:
        return None
    scored = stored.find(root / RECORDS, Scored, chosen.id)
    # Answers to another version of the prompt would have other verdicts.
    fitting = [one for one in scored if one.types == tuple(constraint.type for constraint in chosen.constraints)]
    return Answers(chosen, tuple(sorted(fitting, key=lambda one: place(one.model)))) if fitting else None

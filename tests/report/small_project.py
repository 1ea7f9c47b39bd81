"""A checkout with the results of a few records: real constraints, verdicts and intervals, hostile texts among them."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from crab import constraints
from crab.config.section import read_params
from crab.config.verify import VerifyConfig
from crab.core import io
from crab.core.records import EvalPrompt, Example, PreferencePair, Rejected, Seed, TrainingRow
from crab.engines.base import Response
from crab.evaluation import outcome
from crab.evaluation.heldout import Heldout
from crab.evaluation.intervals import Bootstrap
from crab.evaluation.outcome import Outcome
from crab.synthesis.information import Information
from crab.synthesis.verify import verify_all
from crab.tracking import rows

HOSTILE = (
    "</pre></style><script>alert('own')</script>\n\n"
    '<img src="https://example.org/x.png" onerror="alert(1)">\n'
    "{{ 7 * 7 }} {% raw %} \u202eesrever\u202c \x1b[31m ]]> <!-- -->"
)
RESPONSES = (
    "In short, tea warms you.\n\n- It is hot.\n- It is brown.\n\nP.S. Drink it slowly.",
    "<<A walk>>\n\nTake a coat with you. The hills are cold, and the hills are wet.",
    "Bread needs flour, water, salt and time.\n\n1. Mix it.\n2. Wait.\n3. Bake it.",
    "Cats sleep for most of the day. They hunt at dusk.",
    HOSTILE,
)
SEEDS = [
    Seed(f"s{number}", "by hand", f"Tell me about thing {number} <b>now</b>.", response, "en")
    for number, response in enumerate(RESPONSES)
]
VERIFY = VerifyConfig(
    random_seed=0,
    max_overlap=0.6,
    max_leaked_words=5,
    information_responses=4,
    sibling_responses=0,
    stated="proved",
    sibling_prior=4.0,
)
PARAMS = """\
name: small & <i>sound</i>
random_seed: 0
sft:
  aux_weight: 0.5
"""
DEFAULTS: dict[str, Any] = {"name": "small & <i>sound</i>", "random_seed": 0, "sft": {"aux_weight": 0.25}}


def make(root: Path) -> Path:
    """Write the project; returns its folder."""
    (root / ".dvc").mkdir(parents=True)
    (root / "params.yaml").write_text(PARAMS, encoding="utf-8")
    found = [
        Example(
            **{field.name: getattr(seed, field.name) for field in dataclasses.fields(seed)},
            constraints=tuple(constraints.derive(seed.response, seed.instruction)),
        )
        for seed in SEEDS
    ]
    verified = verify_all(found, Information(found, VERIFY), VERIFY)
    kept = [one.example for one in verified]
    io.write(root / "data/seed/train.jsonl", SEEDS)
    io.write(root / "data/backtranslated/train.jsonl", found)
    io.write(root / "data/verified/train.jsonl", kept)
    io.write(root / "data/verified/rejected.jsonl", [line for one in verified for line in one.rejected])
    io.write(root / "data/crab/forward.jsonl", [_row(one) for one in kept])
    io.write(root / "data/crab/reverse.jsonl", [dataclasses.replace(_row(kept[-1]), task="reverse")])
    io.write(root / "data/crab/rejected.jsonl", [Rejected("sft", "too <long>", "", {})])
    io.write(
        root / "data/preferences.jsonl",
        [PreferencePair(_row(kept[-1]).prompt, _said(HOSTILE), _said("No."), ("length:num_words",), "onpolicy", "s4")],
    )
    count = sum(len(one.constraints) for one in kept)
    io.write_json(
        root / "results/seed.json",
        {
            "read": 7,
            "kept": 5,
            "records": {"train": 5},
            "rejected": {"evaluation prompt": 1, "too short": 1},
            "overlap": {"ifeval": 1},
        },
    )
    proposed = sum(len(one.constraints) for one in found)
    io.write_json(
        root / "results/backtranslate.json", {"records": {"train": 5}, "constraints": proposed, "rejected": {}}
    )
    rejected = {"redundant": sum(len(one.rejected) for one in verified)}
    io.write_json(root / "results/verify.json", {"records": {"train": 5}, "constraints": count, "rejected": rejected})
    io.write_json(
        root / "results/sft.json", {"forward_rows": 5, "reverse_rows": 1, "rejected_rows": 1, "forward_loss": 0.75}
    )
    io.write_json(root / "results/dpo.json", {"prompts": 4, "pairs": 1})
    _evaluate(root, kept)
    return root


def lock(root: Path, **changed: str) -> None:
    """Write a dvc.lock that knows these results, but for those whose hash is given."""
    files = sorted(path for path in (root / "results").glob("*") if path.suffix in (".json", ".csv"))
    outs = []
    for path in files:
        name = path.relative_to(root).as_posix()
        md5 = changed.get(path.stem, hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest())
        outs.append(f"    - path: {name}\n      md5: {md5}\n")
    text = "stages:\n  sft:\n    params:\n      params.yaml:\n        sft:\n          aux_weight: 0.5\n    outs:\n"
    (root / "dvc.lock").write_text(text + "".join(outs), encoding="utf-8")


def journal(root: Path) -> None:
    """Write an execution of sft with three steps, and one that made other numbers later."""
    from crab.tracking import journal as kept
    from crab.tracking.identity import Experiment

    kept.folder().mkdir(parents=True, exist_ok=True)
    ran = kept.begin("sft", Experiment("k/workspace/p", "small", "", "", False), {})
    for step, (forward, reverse) in enumerate([(4.0, 9.0), (2.0, 3.0), (0.75, 0.25)]):
        kept.append_step(ran, step, ran.started, {"forward_loss": forward, "reverse_loss": reverse})
    numbers = rows.metrics("", io.read_json(root / "results/sft.json"))
    kept.save(dataclasses.replace(kept.end(ran, "finished", numbers), ended=ran.started + 12.5))
    other = kept.begin("sft", Experiment("k2/workspace/p", "other", "", "", False), {})
    kept.save(kept.end(other, "finished", {**numbers, "forward_loss": 0.1}))
    metrics = rows.metrics("", io.read_json(root / "results/metrics.json"))
    params = rows.parameters(read_params(root / "params.yaml"))
    row = kept.Row("k/workspace/p", "small", "", "c" * 40, False, "finished", 1.0, 2.0, params, metrics)
    kept.save_row(row)
    kept.save_row(
        dataclasses.replace(row, key="k2", name="no reverse", family="alpha", params=params | {"sft.aux_weight": "0"})
    )
    kept.save_row(dataclasses.replace(row, key="k3", name="cut short", status="killed"))


def _row(example: Example) -> TrainingRow:
    asked = " ".join([example.instruction, *(constraint.text for constraint in example.constraints[:2])])
    types = tuple(constraint.type for constraint in example.constraints[:2])
    return TrainingRow([{"role": "user", "content": asked}], _said(example.response), "forward", 1.0, types, example.id)


def _said(text: str) -> list[Any]:
    return [{"role": "assistant", "content": text}]


def _evaluate(root: Path, examples: list[Example]) -> None:
    benchmark = Heldout("heldout")
    prompts = []
    for number, example in enumerate(examples):
        chosen = example.constraints[: 1 + number % 2]
        chance = tuple(
            tuple(verdict.satisfied for verdict in constraints.check_all(chosen, other.response))
            for other in examples
            if other is not example
        )
        message: Any = [{"role": "user", "content": example.instruction}]
        prompts.append(
            EvalPrompt(f"{example.id}/1", example.id, example.instruction, message, chosen, example.response, chance)
        )
    io.write(root / "data/verified/prompts_heldout.jsonl", prompts)
    answers = {
        "base": ["Yes."] * len(prompts),
        "sft": [prompt.witness_response for prompt in prompts[:-1]] + ["No."],
        "my<model>": ["A sentence."] * len(prompts),
    }
    scored = {
        model: benchmark.score(
            model, prompts, [Response(prompt.id, text, True, 9, 9) for prompt, text in zip(prompts, texts, strict=True)]
        )
        for model, texts in answers.items()
    }
    outcome.write(root / "results", [Outcome(benchmark, prompts, scored)], Bootstrap(0, 50, 0.95))

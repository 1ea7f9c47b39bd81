"""One record of the built-in world through the stages' own code: the excerpts in docs/concepts.md.

`python -m tests.docs.worked_record` writes them into the page; a test tells when they are out of step.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from crab.cli import compose
from crab.config.heldout import HeldoutConfig
from crab.config.mix import MixConfig
from crab.config.section import load
from crab.config.seed import SeedConfig
from crab.config.selection import SelectionConfig
from crab.config.teacher import TeacherConfig
from crab.config.unseen import UnseenConfig
from crab.config.verify import VerifyConfig
from crab.core import randomness
from crab.core.records import Constraint, Example, Seed
from crab.data import choose, families, mix, preferences
from crab.data.split import Split, assign
from crab.data.world import generate
from crab.synthesis import heldout
from crab.synthesis.backtranslate import by_rules
from crab.synthesis.information import Information
from crab.synthesis.verify import Verified, verify

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "concepts.md"
RECORD = "trams-01-000"
PAIRS = 960  # two answers to every instruction: enough for siblings, quick enough for a test
BLOCK = re.compile(r"(^```(?:json|text) worked record: ([a-z -]+)\n).*?(^```$)", re.MULTILINE | re.DOTALL)


def excerpts() -> dict[str, str]:
    """Name of an excerpt -> its text, with the default configuration on a smaller world."""
    params = YAML(typ="safe").load(compose.composed(ROOT))
    seed_config = load("seed", SeedConfig, params)
    teacher = load("teacher", TeacherConfig, params)
    verify_config = load("verify", VerifyConfig, params)
    unseen = load("unseen", UnseenConfig, params)
    mix_config = load("mix", MixConfig, params)
    derived_by = params["backtranslate"]["random_seed"]

    world = list(generate.pairs(PAIRS, seed_config.world_seed))
    fractions = seed_config.fractions

    def split_of(instruction: str) -> Split:
        return assign(instruction, seed_config.split_seed, fractions.dev, fractions.heldout)

    seed = next(seed for seed in world if seed.id == RECORD)
    assert split_of(seed.instruction) == "train"

    def verified(one: Seed) -> Verified:
        same_split = [
            Example(s.id, s.source, s.instruction, s.response, s.language, s.meta)
            for s in world
            if split_of(s.instruction) == split_of(one.instruction)
        ]
        derived = by_rules(one, derived_by, teacher.max_phrasings)
        return verify(derived, Information(same_split, verify_config), verify_config)

    derived = by_rules(seed, derived_by, teacher.max_phrasings)
    found = verified(seed)
    example, rejected = found.example, found.rejected
    (trained,) = families.seen([example], unseen)
    rows = mix.build([trained], mix_config)
    sibling = next(other for other in world if other.instruction == seed.instruction and other.id != seed.id)
    pairs, _ = preferences.from_witness(
        [trained, *families.seen([verified(sibling).example], unseen)],
        lambda one: _stated(one, mix_config.selection),
        lambda one, chosen: mix.compose(one, chosen, mix_config, randomness.rng(0, "layout")),
        random_seed=0,
    )
    asked = next(other.instruction for other in world if split_of(other.instruction) == "heldout")
    answers = [verified(other).example for other in world if other.instruction == asked]
    prompt = heldout.prompts(answers, load("heldout", HeldoutConfig, params), 2)[-1]

    return {
        "seed": _json(id=seed.id, source=seed.source, instruction=seed.instruction, response=seed.response),
        "back-translated": "\n".join(
            [f"{len(derived.constraints)} constraints, among them:", *map(_line, _pick(derived.constraints))]
        ),
        "verified": "\n".join(
            [f"{len(example.constraints)} kept, among them:"]
            + [f"{c.bits:6.3f} bits  {_line(c)}" for c in sorted(example.constraints, key=lambda c: -(c.bits or 0))[:4]]
            + [f"{c.bits:6.3f} bits  {_line(c)}" for c in sorted(example.constraints, key=lambda c: c.bits or 0)[:2]]
            + [f"{len(rejected)} rejected:"]
            + [f"{line.reason}: {line.record['constraint']['text']} ({line.detail})" for line in rejected]
        ),
        "forward row": _json(prompt=rows.forward[0].prompt, completion=rows.forward[0].completion, task="forward"),
        "reverse row": _json(prompt=rows.reverse[0].prompt, completion=rows.reverse[0].completion, task="reverse"),
        "preference pair": _json(
            prompt=pairs[0].prompt,
            chosen=pairs[0].chosen,
            rejected=pairs[0].rejected,
            failed=list(pairs[0].failed),
            source=pairs[0].source,
        ),
        "held-out prompt": _json(
            id=prompt.id,
            prompt=prompt.prompt,
            constraints=[c.type for c in prompt.constraints],
            witness_response=prompt.witness_response,
            chance=prompt.chance,
        ),
    }


def write(page: Path = PAGE) -> str:
    """The page's text with the excerpts as the code makes them now."""
    made = excerpts()
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", page.read_text(encoding="utf-8"))


def _stated(example: Example, selection: SelectionConfig) -> list[Constraint]:
    return choose.choose(example.constraints, 3, selection, randomness.rng(0, "stated", example.id))


def _pick(constraints: tuple[Constraint, ...]) -> list[Constraint]:
    """One of each category, as they come."""
    first: dict[str, Constraint] = {}
    for constraint in constraints:
        first.setdefault(constraint.category, constraint)
    return list(first.values())[:8]


def _line(constraint: Constraint) -> str:
    return f"{constraint.type}: {constraint.text}  [{constraint.witness}]"


def _json(**values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    PAGE.write_text(write(), encoding="utf-8")

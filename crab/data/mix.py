"""The mix: from verified records to forward and reverse training rows.

Forward: instruction + constraints -> response. Reverse: instruction, response -> constraints.
Source of the two tasks and their numbers: CRAB, arXiv 2410.24175, section 3.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from crab.config.mix import MixConfig
from crab.core import randomness
from crab.core.records import Constraint, Example, Message, Rejected, TrainingRow
from crab.data.choose import choose, eligible
from crab.data.falsify import Falsifier, Numbers
from crab.prompts import layouts, reverse


@dataclass
class Mixed:
    """The rows of one mix, and the records that gave none."""

    forward: list[TrainingRow] = field(default_factory=list)
    reverse: list[TrainingRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    numbers: Numbers = field(default_factory=Numbers)
    """Of forward rows, their demonstrations included, and of reverse rows."""


def build(examples: Sequence[Example], mix: MixConfig) -> Mixed:
    """Draw the records of the train split, give each its direction, and write its rows.

    Every row weighs 1 within its task; w and alpha of the objective are the trainer's.
    """
    drawn = _draw(examples, mix)
    reverse_count = round(mix.reverse.share * len(drawn))
    mixed = Mixed()
    falsifier = Falsifier(mix.false_share, mix.random_seed, mixed.numbers)
    for position, example in enumerate(drawn):
        rng = randomness.rng(mix.random_seed, "mix", example.id)
        gives_reverse = position < reverse_count
        if not (gives_reverse and mix.reverse.seeds == "disjoint"):
            mixed.forward.append(_forward(example, drawn, mix, rng, falsifier))
        if gives_reverse:
            row = _reverse(example, mix, randomness.rng(mix.random_seed, "reverse", example.id), falsifier)
            if row is None:
                mixed.rejected.append(_no_reverse(example))
            else:
                mixed.reverse.append(row)
    # Records that serve one direction only come first in the draw: shuffle, so that no order is left in training.
    randomness.rng(mix.random_seed, "order").shuffle(mixed.forward)
    return mixed


def compose(example: Example, constraints: Sequence[Constraint], mix: MixConfig, rng: random.Random) -> list[Message]:
    """The prompt of one forward row: one user turn that states instruction and constraints."""
    instruction = example.instruction
    if example.refined_instruction is not None and rng.random() < mix.refined_share:
        instruction = example.refined_instruction
    names, weights = zip(*sorted(mix.layouts.items()), strict=True)
    layout = rng.choices(names, weights)[0]
    return [{"role": "user", "content": layouts.state(instruction, [c.text for c in constraints], layout)}]


def draw_count(available: int, mix: MixConfig, rng: random.Random) -> int:
    """How many constraints a row states: `low..high` with probability `share`, else 1..all; at most what there is."""
    count = mix.count
    if rng.random() < count.share:
        return rng.randint(min(count.low, available), min(count.high, available))
    return rng.randint(min(1, available), available)


def _draw(examples: Sequence[Example], mix: MixConfig) -> list[Example]:
    ranked = sorted(
        examples, key=lambda example: (randomness.fraction(mix.random_seed, "draw", example.id), example.id)
    )
    return ranked[: mix.max_records]


def _constrained(
    example: Example, mix: MixConfig, rng: random.Random, falsifier: Falsifier
) -> tuple[list[Message], list[Constraint]]:
    count = draw_count(len(eligible(example.constraints, mix.selection)), mix, rng)
    chosen = falsifier.state(example, choose(example.constraints, count, mix.selection, rng))
    return compose(example, chosen, mix, rng), chosen


def _forward(
    example: Example, pool: Sequence[Example], mix: MixConfig, rng: random.Random, falsifier: Falsifier
) -> TrainingRow:
    prompt, chosen = _constrained(example, mix, rng, falsifier)
    return TrainingRow(
        prompt=[*_demonstrations(example, pool, mix, rng, falsifier), *prompt],
        completion=[{"role": "assistant", "content": example.response}],
        task="forward",
        weight=1.0,
        constraint_types=tuple(constraint.type for constraint in chosen),
        seed_id=example.id,
    )


def _demonstrations(
    example: Example, pool: Sequence[Example], mix: MixConfig, rng: random.Random, falsifier: Falsifier
) -> list[Message]:
    if rng.random() >= mix.demonstrations.share:
        return []
    turns: list[Message] = []
    for shot in rng.sample(pool, min(rng.randint(1, mix.demonstrations.max_shots), len(pool))):
        if shot.instruction != example.instruction:  # a sibling would show an answer to the question itself
            prompt, _ = _constrained(shot, mix, rng, falsifier)
            turns += [*prompt, {"role": "assistant", "content": shot.response}]
    return turns


def _reverse(example: Example, mix: MixConfig, rng: random.Random, falsifier: Falsifier) -> TrainingRow | None:
    count = draw_count(len(eligible(example.constraints, mix.selection)), mix, rng)
    drawn = choose(example.constraints, count, mix.selection, rng)
    if not drawn:
        return None
    # Record order, not drawn order: which constraint comes next should follow from the response, not from dice.
    chosen = falsifier.state(example, [constraint for constraint in example.constraints if constraint in drawn])
    question = reverse.ask(example.instruction, example.response, rng.randrange(len(reverse.FRAMES)))
    return TrainingRow(
        prompt=[{"role": "user", "content": question}],
        completion=[{"role": "assistant", "content": layouts.listed([constraint.text for constraint in chosen])}],
        task="reverse",
        weight=1.0,
        constraint_types=tuple(constraint.type for constraint in chosen),
        seed_id=example.id,
    )


def _no_reverse(example: Example) -> Rejected:
    return Rejected(
        stage="sft",
        reason="no constraint for a reverse row",
        detail="no verified constraint has weight and enough bits in this mix",
        record={"id": example.id},
    )

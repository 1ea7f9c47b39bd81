"""Pairs of the built-in world: an instruction names a topic, a response about it is drawn at random.

All choices of a response are independent draws, so an instruction says nothing about its response's form: what a model
gets right about form beyond chance, it got from the constraints. Rates are those of the prototype that was
measured before this was built; each is a constant below.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

from crab.core import randomness
from crab.core.records import Seed
from crab.data.world import vocabulary
from crab.data.world.draws import BARE, FORMATS, PROSE, QUOTABLE, Clause, Draw, render

ITEMS = (2, 3, 4)
GUEST_RATES = (0.3, 0.5, 0.2)
"""Of no, one and two guest words."""
OPENING_RATE = ENDING_RATE = 0.45
TITLE_RATE = POSTSCRIPT_RATE = 0.25
QUOTE_RATE = 0.2
CAPITALS_RATE = 0.3
EXCLAMATION_RATE = 0.4
HIGHLIGHT_RATE = 0.3
COMMA_RATE = 0.5
PARTS_RATE = 0.35
"""Share of prose that falls into parts."""


def pairs(count: int, world_seed: int) -> Iterator[Seed]:
    """Yield `count` pairs: every (topic, task) instruction once, then a second response to each, and so on.

    A smaller count yields the beginning of a larger one's pairs. `meta` holds the hidden draws.
    """
    instructions = list(product(vocabulary.topics(), range(len(vocabulary.TASKS))))
    randomness.rng(world_seed, "order").shuffle(instructions)
    for index in range(count):
        sibling, place = divmod(index, len(instructions))
        topic, task = instructions[place]
        drawn = draw(topic, randomness.rng(world_seed, "response", topic, task, sibling))
        yield Seed(
            id=f"{topic}-{task:02d}-{sibling:03d}",
            source="builtin",
            instruction=vocabulary.TASKS[task].format(topic),
            response=render(drawn),
            language="en",
            meta={"topic": topic, "task": task} | describe(drawn),
        )


def draw(topic: str, rng: random.Random) -> Draw:
    """Draw one response about a topic. What the drawn format does not permit is drawn all the same, and left out."""
    words = vocabulary.lexicon(topic)
    format_ = rng.choice(FORMATS)
    items = rng.choice(ITEMS)
    allowed = range(len(vocabulary.TEMPLATES))
    if rng.random() >= COMMA_RATE:
        allowed = range(min(vocabulary.WITH_COMMA))
    number = rng.choices([0, 1, 2], GUEST_RATES)[0]
    guests = dict(zip(rng.sample(range(items), number), rng.sample(vocabulary.GUESTS, number), strict=True))
    highlights = set(rng.sample(range(items), rng.randint(1, items))) if rng.random() < HIGHLIGHT_RATE else set()
    clauses = tuple(_clause(words, allowed, rng, guests.get(item), item in highlights) for item in range(items))
    opening = rng.choice(vocabulary.OPENINGS) if rng.random() < OPENING_RATE else None
    ending = rng.choice(vocabulary.ENDINGS) if rng.random() < ENDING_RATE else None
    title = (rng.choice(words.adjectives), rng.choice(words.nouns)) if rng.random() < TITLE_RATE else None
    postscript = _clause(words, allowed, rng) if rng.random() < POSTSCRIPT_RATE else None
    cuts = sorted(rng.sample(range(1, items), rng.randint(1, items - 1))) if rng.random() < PARTS_RATE else []
    quoted = rng.random() < QUOTE_RATE
    bare = format_ in BARE
    bounds = [0, *(cuts if format_ in PROSE else []), items]
    return Draw(
        format=format_,
        clauses=clauses,
        mark="!" if rng.random() < EXCLAMATION_RATE else ".",
        capitals=rng.random() < CAPITALS_RATE,
        parts=tuple(end - start for start, end in pairwise(bounds)),
        opening=None if bare or format_ == "letter" else opening,  # a letter opens with its greeting
        ending=None if bare else ending,
        title=None if bare else title,
        postscript=None if bare else postscript,
        quoted=quoted and format_ in QUOTABLE,
    )


def describe(drawn: Draw) -> dict[str, Any]:
    """The draws as plain values: what a checker ought to find, known without looking at the text."""
    statements = [*drawn.clauses, *([drawn.postscript] if drawn.postscript else [])]
    return {
        "format": drawn.format,
        "items": len(drawn.clauses),
        "parts": len(drawn.parts),
        "opening": drawn.opening,
        "ending": drawn.ending,
        "title": f"the {' '.join(drawn.title)}" if drawn.title else None,
        "postscript": drawn.postscript is not None,
        "quoted": drawn.quoted,
        "capitals": drawn.capitals,
        "mark": drawn.mark,
        "guests": [clause.guest for clause in drawn.clauses if clause.guest],
        "highlights": sum(clause.highlighted for clause in drawn.clauses),
        "commas": any(clause.template in vocabulary.WITH_COMMA for clause in statements),
    }


def _clause(
    words: vocabulary.Lexicon,
    allowed: range,
    rng: random.Random,
    guest: str | None = None,
    highlighted: bool = False,
) -> Clause:
    noun, other = rng.sample(words.nouns, 2)
    return Clause(
        rng.choice(allowed), rng.choice(words.adjectives), noun, rng.choice(words.verbs), other, guest, highlighted
    )

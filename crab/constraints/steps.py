"""Numbered steps, "Step 1:" and so on."""

from __future__ import annotations

import re

from crab.constraints.kinds import Finding
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted, number_of
from crab.constraints.shape import shape
from crab.core.text import Measures

_STEP = re.compile(r"^[ \t#*_>\"“-]*step (\d{1,4})[*_]*[ \t]*[:.)–—-]", re.IGNORECASE | re.MULTILINE)


def numbered_steps(m: Measures) -> int:
    """Lines that begin with "Step k" and a mark, if they count 1, 2, 3 and so on; else 0."""
    if "step" not in m.lower:
        return 0
    found = [int(number) for number in _STEP.findall(m.text)]
    return len(found) if found == list(range(1, len(found) + 1)) else 0


def _look_steps(m: Measures, reading: str) -> Finding:
    steps = numbered_steps(m)
    return Finding(steps >= 2, number_of(steps, "numbered step", "numbered steps"), "" if steps >= 2 else "at least 2")


labelled = shape(
    paper="Item listing details",
    meaning='At least two lines begin with "Step 1", "Step 2" and so on, in order.',
    look=_look_steps,
    phrasings=(
        'Lay the answer out in steps labelled "Step 1:", "Step 2:" and so on.',
        'Begin each step with "Step 1:", "Step 2:" and so forth.',
        "Go step by step, with every step labelled and numbered.",
        'Label the steps "Step 1:", "Step 2:", one to a line.',
        "Write it as a sequence of numbered steps.",
        'Give the instructions as "Step 1:", "Step 2:" and whatever follows.',
    ),
    hearings=(
        "use numbered steps",
        "(format|present|write) (it|the response) (as|in) (a series of |)(numbered|labelled|labeled) steps",
    ),
)


number = counted(
    breaks=("drop_step", "append_step", "drop_line"),
    paper="Item listing details",
    meaning='The number of lines that begin with "Step 1", "Step 2" and so on, in order, stands in the relation to n.',
    one="numbered step",
    many="numbered steps",
    counts={"lines": numbered_steps},
    prefer=(EXACTLY, EXACTLY, AT_LEAST, AT_MOST),
    forms=amounts(
        "numbered step",
        "numbered steps",
        verb="Give",
        relations=(AT_LEAST, AT_MOST, EXACTLY),
        also_called=(("labelled step", "labelled steps"), ("labeled step", "labeled steps")),
        own={
            relation: tuple(
                template.replace("COUNT", f"{relation} {{n}} [step|steps]")
                for template in (
                    'Give COUNT, labelled "Step 1:" and so on.',
                    'Lay it out in COUNT that begin with "Step 1:", "Step 2:" and so forth.',
                    "There should be COUNT, each with its label and number.",
                    'I want COUNT, every one on a line that starts with "Step" and its number.',
                    'Take the reader through COUNT, marked "Step 1:" and onwards.',
                    'Break it down into COUNT with the labels "Step 1:", "Step 2:" and so on.',
                )
            )
            for relation in (AT_LEAST, AT_MOST, EXACTLY)
        },
    ),
)

"""What the authors of CRAB published: pairs with constraints that nobody has checked, in one of two forms.

The file of their repository (`THU-KEG/Crab:data/seed_data`) lists the constraints of a pair by category, beside a
refined instruction. The training set on the hub (THU-KEG/Crab-SFT) has conversations only: in those of the forward task
the last prompt states the constraints, in most of them one a line after the instruction's last blank line
(`Forward_data_generate.py`); the id says which task a row serves (`mix_forward_reverse.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from crab.config.dataset import DatasetConfig
from crab.core.records import REFINED, STATED, Rejected, Seed
from crab.data.sources import hub, rows, stated
from crab.data.sources.fields import from_turns
from crab.data.sources.rows import Row
from crab.data.sources.values import Fault, find, reject

FORWARD = "_forward"


def read(path: str | list[str] | None, dataset: DatasetConfig) -> Iterator[Seed | Rejected]:
    """Yield the pairs of the files, or of the data set where there are none, and a `Rejected` for what is no pair.

    Raises:
        DataError: The source cannot be read as a whole.
        ResourceError: The hub cannot be reached.
    """
    items: Iterator[Row | Rejected] = rows.read(path) if path else hub.read(dataset)
    return (item if isinstance(item, Rejected) else _pair(item) for item in items)


def _pair(row: Row) -> Seed | Rejected:
    turns = row.values.get("messages")
    if not isinstance(turns, list):
        return reject(row, Fault("wrong type", f"messages is a {type(turns).__name__}, not a list"))
    source = row.values.get("source")
    seed = from_turns(row, turns[-2:], str(row.values.get("id", "")), source if isinstance(source, str) else row.source)
    if isinstance(seed, Rejected):
        return seed
    if "Aug_instruction" in row.values:
        return _listed(row, seed)
    return _in_prompt(row, seed)


def _listed(row: Row, seed: Seed) -> Seed | Rejected:
    """The constraints have a field of their own."""
    found = stated.texts(*find(row.values, "Aug_instruction.Additional_Instruction"))
    if isinstance(found, Fault):
        return reject(row, found)
    refined = find(row.values, "Aug_instruction.Refined_Instruction")[1]
    meta: dict[str, Any] = seed.meta | {STATED: found}
    if isinstance(refined, str) and refined.strip():
        meta[REFINED] = refined.strip()
    return dataclasses.replace(seed, id=f"{seed.source}-{seed.id}", meta=meta)


def _in_prompt(row: Row, seed: Seed) -> Seed | Rejected:
    """The constraints are the list at the prompt's end."""
    if not seed.id.endswith(FORWARD):
        return reject(row, Fault("another task", f"id {seed.id!r} does not end in {FORWARD}"))
    instruction, blank, block = seed.instruction.rpartition("\n\n")
    found = stated.lines(block)
    # One line alone may close a frame, and a line that ends in a colon opens one: their words are no constraints.
    if not blank or len(found) < 2 or any(line.endswith(":") for line in found):
        return reject(row, Fault("no list of constraints", "the prompt does not end in a plain list"))
    meta = seed.meta | {STATED: found}
    name = f"{seed.source}-{seed.id.removesuffix(FORWARD)}"
    return dataclasses.replace(seed, id=name, instruction=instruction.strip(), meta=meta)

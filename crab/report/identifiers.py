"""From what a user typed to a record's id: the id itself, the only one that begins so, or the nearest ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from crab.core.errors import DataError, Problem
from crab.report.journey import SEEDS

SPLITS = ("train", "dev", "heldout")
REJECTED = "rejected"
SHOWN = 8
"""Ids that a message names."""


@dataclass(frozen=True, slots=True)
class Place:
    """A record's id, and the file of the seed stage that holds it."""

    id: str
    split: str
    """`train`, `dev`, `heldout` or `rejected`."""


def resolve(root: Path, typed: str) -> Place:
    """The record that was meant; the id of one of its evaluation prompts (`ID/1`) stands for it too.

    Raises:
        DataError: There is none, with the nearest ids, or there are several, with the first of them.
    """
    found: list[Place] = []
    for place in beginning(root, typed):
        if place.id == typed:
            return place
        found.append(place)
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(place.id for place in found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")
        raise DataError(Problem(typed, f"{len(found)} records begin so: {shown}", "type more of the id"))
    record, is_prompt, _ = typed.rpartition("/")
    if is_prompt and (exact := next((place for place in beginning(root, record) if place.id == record), None)):
        return exact
    raise DataError(Problem(typed, "no record has this id", _advice(root, typed)))


def beginning(root: Path, text: str) -> Iterator[Place]:
    """Every record whose id begins so, read line by line."""
    wanted = json.dumps(text, ensure_ascii=False).encode()[:-1]  # without the quote that would end it
    for split in (*SPLITS, REJECTED):
        for id_ in _ids(root / SEEDS / f"{split}.jsonl", wanted):
            if id_.startswith(text):
                yield Place(id_, split)


def _ids(file: Path, wanted: bytes) -> Iterator[str]:
    """Ids on the lines that hold some bytes; what has no id, or is no record, is passed over."""
    if not file.exists():
        return
    with open(file, "rb") as lines:
        for line in lines:
            if wanted in line:
                try:
                    values = json.loads(line)
                    id_ = values["record"]["id"] if file.stem == REJECTED else values["id"]
                except (ValueError, KeyError, TypeError):
                    continue
                if isinstance(id_, str):
                    yield id_


def _advice(root: Path, typed: str) -> str:
    from rapidfuzz import process

    everything = [place.id for place in beginning(root, "")]
    if not everything:
        return f"there are no records under {SEEDS}: run `dvc repro`"
    near = [id_ for id_, *_ in process.extract(typed, everything, limit=3, score_cutoff=60)]
    return f"did you mean {' or '.join(near)}?" if near else f"ids look like {', '.join(islice(everything, 3))}"

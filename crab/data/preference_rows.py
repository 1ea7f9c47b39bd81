"""Preference pairs that somebody else made: rows with a prompt, a better and a worse answer.

Their labels are taken at their word: no constraint decides them, so `failed` is empty.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from crab.config.dpo import PairFieldsConfig, PairsConfig
from crab.core import randomness
from crab.core.errors import DataError, Problem
from crab.core.records import Message, PreferencePair, Rejected
from crab.data.sources import tracked
from crab.data.sources.rows import Row
from crab.data.sources.values import Fault, find, reject, text

_ROLES = ("system", "user", "assistant")


def read(config: PairsConfig, source: str, random_seed: int) -> tuple[list[PreferencePair], list[Rejected]]:
    """The pairs, in reading order, and what could not be used.

    Args:
        config: Where they are.
        source: What the pairs are said to come from.
        random_seed: Decides which ones a limit draws.

    Raises:
        DataError: The source cannot be read as a whole, holds no usable pair, or has changed since composition.
        ResourceError: The hub cannot be reached.
    """
    rejected: list[Rejected] = []

    def kept() -> Iterator[PreferencePair]:
        for item in tracked.read(config.path, config.digest, config.dataset, "dpo.pairs"):
            pair = item if isinstance(item, Rejected) else to_pair(item, config.fields, config.min_margin, source)
            if isinstance(pair, PreferencePair):
                yield pair
            else:
                rejected.append(replace(pair, stage="dpo"))

    if config.limit is None:
        pairs = list(kept())
    else:
        keyed = ((randomness.fraction(random_seed, "pairs", pair.seed_id), n, pair) for n, pair in enumerate(kept()))
        drawn = heapq.nsmallest(config.limit, keyed, key=lambda entry: entry[:2])
        pairs = [pair for _, _, pair in sorted(drawn, key=lambda entry: entry[1])]
    if not pairs:
        raise DataError(Problem("dpo.pairs", f"no usable pair, {len(rejected)} rejected", "check dpo.pairs.fields"))
    return pairs, rejected


def to_pair(row: Row, fields: PairFieldsConfig, min_margin: float, source: str) -> PreferencePair | Rejected:
    """One row as a pair; equal answers, ties and small margins are rejected."""
    prompt = _prompt(*find(row.values, fields.prompt))
    chosen = _answer(*find(row.values, fields.chosen))
    worse = _answer(*find(row.values, fields.rejected))
    if isinstance(prompt, Fault):
        return reject(row, prompt)
    if isinstance(chosen, Fault):
        return reject(row, chosen)
    if isinstance(worse, Fault):
        return reject(row, worse)
    if chosen == worse:
        return reject(row, Fault("tie", "both answers are the same"))
    scores = [find(row.values, names)[1] for names in (fields.chosen_score, fields.rejected_score)]
    if all(isinstance(score, int | float) for score in scores):
        margin = scores[0] - scores[1]
        if margin <= 0 or margin < min_margin:
            return reject(row, Fault("tie" if margin == 0 else "small margin", f"scores {scores[0]} and {scores[1]}"))
    return PreferencePair(
        prompt=prompt,
        chosen=[{"role": "assistant", "content": chosen}],
        rejected=[{"role": "assistant", "content": worse}],
        failed=(),
        source=source,
        seed_id=row.where,
    )


def _prompt(name: str, value: Any) -> list[Message] | Fault:
    """A text is the user's turn; a conversation is taken up to its last user turn."""
    if not isinstance(value, list):
        content = text(name, value)
        return content if isinstance(content, Fault) else [{"role": "user", "content": content}]
    messages: list[Message] = []
    for number, turn in enumerate(value):
        role, content = find(turn, "role")[1], text(*find(turn, "content"))
        if role not in _ROLES:
            return Fault("unknown role", f"{name}, turn {number} is by {role!r}; known: {', '.join(_ROLES)}")
        if isinstance(content, Fault):
            return content
        messages.append({"role": role, "content": content})
    while messages and messages[-1]["role"] != "user":
        messages.pop()
    return messages or Fault("missing field", f"{name} holds no user turn")


def _answer(name: str, value: Any) -> str | Fault:
    if isinstance(value, list):
        if not value or find(value[-1], "role")[1] != "assistant":
            return Fault("missing field", f"{name} does not end with the assistant's turn")
        value = find(value[-1], "content")[1]
    return text(name, value)

"""General conversations as training rows: many turns, the loss on the assistant's."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from crab.config.general import ConversationConfig, GeneralConfig
from crab.core import randomness
from crab.core.errors import DataError, Problem
from crab.core.records import Message, Rejected, TrainingRow
from crab.data.sources import tracked
from crab.data.sources.rows import Row
from crab.data.sources.values import Fault, find, reject, text


def read(config: GeneralConfig) -> tuple[list[TrainingRow], list[Rejected]]:
    """The rows of the general task, in reading order, and what could not be used; both empty without a source.

    Raises:
        DataError: The source cannot be read as a whole, or its content is not what `params.yaml` was composed for.
        ResourceError: The hub cannot be reached.
    """
    if config.source == "none":
        return [], []
    assert config.conversation is not None
    rejected: list[Rejected] = []
    items = tracked.read(config.path, config.digest, config.dataset, "general", streaming=config.draw == "first")
    kept = _kept(items, config.conversation, rejected)
    if config.draw == "first" or config.limit is None:
        rows = list(islice(kept, config.limit))
    else:
        rows = _sample(kept, config.limit, config.random_seed)
    if not rows:
        raise DataError(
            Problem("general", f"no usable conversation, {len(rejected)} rejected", "check general.conversation")
        )
    return rows, rejected


def to_messages(row: Row, fields: ConversationConfig) -> list[Message] | Rejected:
    """The conversation of a row, from its first system or user turn to the last answer; users and answers alternate."""
    turns = find(row.values, fields.messages)[1]
    if not isinstance(turns, list):
        return reject(row, Fault("wrong type", f"the conversation is a {type(turns).__name__}, not a list"))
    messages: list[Message] = []
    for number, turn in enumerate(turns):
        role = find(turn, fields.role)[1]
        if not isinstance(role, str) or role not in fields.roles:
            return reject(row, Fault("unknown role", f"turn {number} is by {role!r}; known: {', '.join(fields.roles)}"))
        content = text(*find(turn, fields.content))
        if isinstance(content, Fault):
            return reject(row, content)
        ours = fields.roles[role]
        if not messages and ours == "assistant":
            continue  # conversations that were cut out of longer ones often begin with an answer
        if ours not in _FOLLOWS[messages[-1]["role"] if messages else None]:
            return reject(row, Fault("turns out of order", f"turn {number} ({ours}) does not follow the one before it"))
        messages.append({"role": ours, "content": content})
    while messages and messages[-1]["role"] != "assistant":
        messages.pop()
    return messages or reject(row, Fault("missing field", "no user turn with an answer"))


_FOLLOWS: dict[str | None, tuple[str, ...]] = {
    None: ("system", "user"),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user",),
}


def _kept(
    items: Iterable[Row | Rejected], fields: ConversationConfig, rejected: list[Rejected]
) -> Iterator[TrainingRow]:
    for item in items:
        messages = item if isinstance(item, Rejected) else to_messages(item, fields)
        if isinstance(messages, Rejected):
            rejected.append(Rejected("sft", messages.reason, messages.detail, messages.record))
        else:
            assert isinstance(item, Row)
            yield TrainingRow(messages[:-1], messages[-1:], "general", 1.0, (), item.where)


def _sample(rows: Iterable[TrainingRow], limit: int, seed: int) -> list[TrainingRow]:
    """The rows with the smallest hashes of their places, in reading order: memory for `limit` rows only."""
    drawn = heapq.nsmallest(limit, enumerate(rows), key=lambda pair: _place(pair, seed))
    return [row for _, row in sorted(drawn, key=lambda pair: pair[0])]


def _place(pair: tuple[int, TrainingRow], seed: int) -> Any:
    return randomness.fraction(seed, "general", pair[1].seed_id), pair[0]

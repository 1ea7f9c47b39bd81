"""The paper's four sources, each with the selection rule of the released code.

The rules, as read in `THU-KEG/Crab:scripts/seed_data_generator/1_seed_*.py`: the reference counts words by splitting on
single spaces (here: on any white space), and lets one row in ten skip its length rules, unseeded (here: by a hash of
the row's place, so that it can be repeated). Its driver exists in two versions: 200 words with rate 0.1 (the released
one, our default) and 300 words with rate 0.05.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from crab.config.seed import PaperSourceConfig
from crab.core import randomness
from crab.core.errors import DataError, Problem
from crab.core.records import Rejected, Seed
from crab.data import filters
from crab.data.sources import hub, rows
from crab.data.sources.fields import UNKNOWN_LANGUAGE, from_turns
from crab.data.sources.rows import Row
from crab.data.sources.values import Fault, find, reject, text

PREFERRED_WRITERS = ("gpt4", "text-davinci-003", "icm-1.3b")
"""Who wins when scores are equal; any other writer comes last."""


def read(sources: dict[str, PaperSourceConfig], diverse_rate: float, world_seed: int) -> Iterator[Seed | Rejected]:
    """Yield the seeds that each source's rule selects, and a `Rejected` for each pair that it does not.

    Raises:
        DataError: A source has neither a file nor a data set, or its file cannot be read; all such problems at once.
        ResourceError: The hub cannot be reached.
    """
    problems: list[Problem] = []
    opened: list[Iterator[Seed | Rejected]] = []
    for name, source in sources.items():
        try:
            items = _open(name, source)
        except DataError as error:
            problems += error.problems
            continue
        selected = RULES[source.rule](items, name, source)
        opened.append(map(partial(_length, source, diverse_rate, world_seed), selected))
    if problems:
        raise DataError(problems)
    return chain.from_iterable(opened)


def _open(name: str, source: PaperSourceConfig) -> Iterable[Row | Rejected]:
    where = f"seed.sources.{name}"
    if source.path:
        return (_labelled(item, name) for item in rows.read(source.path))
    if source.dataset:
        return (_labelled(item, name) for item in hub.read(source.dataset, where=f"{where}.dataset"))
    fix = f"{source.get}; then set {where}.path=FILE, or leave the source out with ~{where}"
    raise DataError(Problem(where, "has no local file and is not on the hub", fix))


def _labelled(item: Row | Rejected, name: str) -> Row | Rejected:
    """Call an item's source what the config calls it, not what its file is called."""
    if isinstance(item, Row):
        return dataclasses.replace(item, source=name)
    return dataclasses.replace(item, record=item.record | {"source": name})


def _length(source: PaperSourceConfig, diverse_rate: float, world_seed: int, item: Seed | Rejected) -> Seed | Rejected:
    """Apply a source's length rules to all but a share of its rows."""
    if isinstance(item, Rejected) or randomness.fraction(world_seed, "diverse", item.meta["row"]) < diverse_rate:
        return item
    answer = filters.length(item, source.min_response_words, None, source.max_instruction_words)
    return item if answer.ok else filters.rejected(item, answer)


def _best_scored(items: Iterable[Row | Rejected], name: str, source: PaperSourceConfig) -> Iterator[Seed | Rejected]:
    """Several scored responses a row: the best one, if it is good enough; ties go to the better writer.

    The instruction is what follows the header of the prompt template, where the prompt has one.
    """
    for item in items:
        if isinstance(item, Rejected):
            yield item
            continue
        answers = find(item.values, "responses_and_scores")[1]
        if not isinstance(answers, list) or not answers or not all(map(_is_scored, answers)):
            yield reject(item, Fault("wrong type", "responses_and_scores is no list of scored responses"))
            continue
        best = min(answers, key=lambda answer: (-answer["score"], _writer_rank(answer.get("source"))))
        prompt = text("user_input", item.values.get("user_input"))
        response = text("response", best.get("response"))
        if isinstance(prompt, Fault) or isinstance(response, Fault):
            yield reject(item, prompt if isinstance(prompt, Fault) else response)  # type: ignore[arg-type]
        elif source.min_score is not None and best["score"] < source.min_score:
            yield reject(item, Fault("low score", f"best score {best['score']:g}, at least {source.min_score:g} asked"))
        else:
            _, header, asked = prompt.partition("Instruction:\n")
            instruction = asked.partition("\n\n### Response:")[0].strip() if header else prompt
            yield _seed(item, name, "", instruction or prompt, response, score=best["score"], writer=best.get("source"))


def _ranked_tree(items: Iterable[Row | Rejected], name: str, source: PaperSourceConfig) -> Iterator[Seed | Rejected]:
    """Messages that point to their parents: each root prompt with the direct reply that people ranked first."""
    roots: dict[str, Row] = {}
    replies: dict[str, str] = {}
    for item in items:
        if isinstance(item, Rejected):
            yield item
            continue
        values = item.values
        parent, identifier = values.get("parent_id"), values.get("message_id")
        if not isinstance(identifier, str) or not isinstance(parent, str | None):
            yield reject(item, Fault("wrong type", "message_id or parent_id is not text"))
        elif parent is None:
            roots[identifier] = item
        elif values.get("role") == "assistant" and values.get("rank") == 0 and isinstance(values.get("text"), str):
            replies.setdefault(parent, values["text"])
    for identifier, root in roots.items():
        instruction = text("text", root.values.get("text"))
        response = text("the reply's text", replies.get(identifier))
        if identifier not in replies:
            yield reject(root, Fault("no ranked reply", "no reply to it has rank 0"))
        elif isinstance(instruction, Fault) or isinstance(response, Fault):
            yield reject(root, instruction if isinstance(instruction, Fault) else response)  # type: ignore[arg-type]
        else:
            yield _seed(root, name, identifier, instruction, response)


def _first_turns(items: Iterable[Row | Rejected], name: str, source: PaperSourceConfig) -> Iterator[Seed | Rejected]:
    """Conversations: the first turn and the answer to it."""
    for item in items:
        if isinstance(item, Rejected):
            yield item
            continue
        identifier = item.values.get("idx")
        turns = find(item.values, ["conversations", "messages"])[1]
        yield from_turns(item, turns, identifier if isinstance(identifier, str) else "", name)


def _system_and_first_turn(
    items: Iterable[Row | Rejected], name: str, source: PaperSourceConfig
) -> Iterator[Seed | Rejected]:
    """A system instruction, then turns of input and output: both instructions joined, with the first output."""
    for item in items:
        if isinstance(item, Rejected):
            yield item
            continue
        system = text("instruction", item.values.get("instruction"), optional=True)
        asked = text(*find(item.values, "conversation.0.input"))
        response = text(*find(item.values, "conversation.0.output"))
        faults = [part for part in (system, asked, response) if isinstance(part, Fault)]
        if faults:
            yield reject(item, faults[0])
        else:
            yield _seed(item, name, "", f"{system}\n\n{asked}" if system else f"{asked}", f"{response}")


RULES: dict[str, Callable[[Iterable[Row | Rejected], str, PaperSourceConfig], Iterator[Seed | Rejected]]] = {
    "best_scored": _best_scored,
    "ranked_tree": _ranked_tree,
    "first_turns": _first_turns,
    "system_and_first_turn": _system_and_first_turn,
}


def _seed(row: Row, source: str, identifier: str, instruction: str, response: str, **meta: Any) -> Seed:
    return Seed(identifier, source, instruction, response, UNKNOWN_LANGUAGE, {"row": row.where} | meta)


def _is_scored(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("score"), int | float)


def _writer_rank(writer: Any) -> int:
    return PREFERRED_WRITERS.index(writer) if writer in PREFERRED_WRITERS else len(PREFERRED_WRITERS)

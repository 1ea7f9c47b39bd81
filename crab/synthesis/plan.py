"""What a teacher is asked about a record: which calls, with which prompt, and the fields of their answers."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from crab import constraints
from crab.config.teacher import ProposerConfig
from crab.core import randomness
from crab.core.errors import ConfigError, Problem
from crab.core.records import Message, Seed
from crab.prompts import reverse, teaching
from crab.prompts.exchange import quote
from crab.synthesis.asking import Question


@dataclass(frozen=True, slots=True)
class Ask:
    """One call about one record."""

    question: Question
    fields: tuple[str, ...]
    """Of the answer; none: lines of text."""


class Plan:
    """The calls about each record; their fixed part is written once."""

    def __init__(self, config: ProposerConfig, random_seed: int) -> None:
        """Write the fixed part.

        Raises:
            ConfigError: A group names a type that there is none.
        """
        self._config = config
        self._random_seed = random_seed
        self._system = _system(config)

    def asks(self, seed: Seed) -> list[Ask]:
        """The calls about one record."""
        if self._config.task == "reverse":
            frame = randomness.rng(self._random_seed, "reverse", seed.id).randrange(len(reverse.FRAMES))
            asked: list[Message] = [{"role": "user", "content": reverse.ask(seed.instruction, seed.response, frame)}]
            return [Ask(Question(asked, "", "propose", ()), ())]
        exchange = quote(seed.instruction, seed.response)
        asks = []
        for group, names in self._config.groups.items():
            categories = tuple(dict.fromkeys(name.partition(":")[0] for name in names))
            messages = teaching.propose(self._system, exchange, group)
            asks.append(Ask(Question(messages, _schema(names), "propose", categories), tuple(names)))
        if self._config.refine:
            messages = teaching.refine(self._system, exchange)
            question = Question(messages, _schema(["instruction"]), "refine", ("circumstances",))
            asks.append(Ask(question, ("instruction",)))
        return asks


def prompts(config: ProposerConfig) -> str:
    """Identity of the prompts that the config uses."""
    return teaching.identity("propose", "refine") if config.task == "fields" else "reverse"


def _system(config: ProposerConfig) -> str:
    known = {info.name: info for info in constraints.types()}
    problems = []
    for group, names in config.groups.items():
        for name in names:
            if name not in known:
                close = difflib.get_close_matches(name, list(known), n=1)
                hint = f"did you mean {close[0]!r}?" if close else "see crab.constraints.types()"
                problems.append(Problem(f"params.yaml [teacher.llm.groups.{group}]", f"no type {name!r}", hint))
    if problems:
        raise ConfigError(problems)
    groups = {
        group: [teaching.Field(name, known[name].meaning, known[name].example) for name in names]
        for group, names in config.groups.items()
    }
    return teaching.teacher(groups, config.max_added_words if config.refine else None)


def _schema(keys: Sequence[str]) -> str:
    """JSON schema of an object with exactly these fields, each text or null."""
    properties = {key: {"type": ["string", "null"]} for key in keys}
    return json.dumps(
        {"type": "object", "properties": properties, "required": list(keys), "additionalProperties": False}
    )

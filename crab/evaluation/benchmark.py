"""What a benchmark is: prompts, requests, verdicts with reasons, and the numbers that are published under its name.

A benchmark is one module (or package) in this room, one `conf/eval/<name>.yaml` with its section in
`crab.config.evaluation`, and one line in `registry`. Answers are made elsewhere: `score` is a function of prompts and
responses, so that any file of responses can be scored again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from crab.engines.base import Request, Response
from crab.evaluation.intervals import Bootstrap

Prompt = TypeVar("Prompt")


class Record(Protocol):
    """One model's scored response to one prompt: a frozen dataclass, one line of `results/records/<name>.jsonl`.

    Beyond these fields it holds every verdict with its reason, so that a reader sees why a prompt failed.
    """

    @property
    def model(self) -> str: ...
    @property
    def id(self) -> str:
        """The prompt's."""
        ...

    @property
    def response(self) -> str: ...
    @property
    def finished(self) -> bool:
        """Ended by itself; False where the token limit cut it, or there is none."""
        ...

    @property
    def error(self) -> str | None:
        """Why there is no response."""
        ...

    @property
    def words(self) -> int: ...


Scored = TypeVar("Scored", bound=Record)


@dataclass(frozen=True, slots=True)
class TypeRow:
    """Accuracy on one type of constraint: a line of `results/by_type.csv`."""

    model: str
    type: str
    accuracy: float
    low: float | None
    high: float | None
    n: int
    """Constraints asked."""


@dataclass(frozen=True, slots=True)
class CountRow:
    """Accuracy on prompts with so many constraints: a line of `results/by_count.csv`."""

    model: str
    constraints: int
    accuracy: float
    low: float | None
    high: float | None
    n: int
    """Prompts."""


class Benchmark(Protocol[Prompt, Scored]):
    """Prompts, and what decides whether an answer is good. Every method is a pure function but `load`."""

    name: str
    """Key in `eval.benchmarks` and in `results/metrics.json`."""
    version: int
    """Part of the results; raised when the same responses would get other numbers."""
    source: str
    """Where prompts and rules come from: paper and repository."""

    def load(self) -> list[Prompt]:
        """The prompts, from the files or the hub data set that the config names.

        Raises:
            DataError: They are not there, or not as they should be.
        """
        ...

    def requests(self, prompts: Sequence[Prompt], max_new_tokens: int) -> list[Request]:
        """What a model is asked, one greedy request per prompt, in order; ids are unique.

        A request has no system prompt and no stop texts: those belong to the model. `max_new_tokens` is what the caller
        allows; a benchmark whose own config names a number takes that.
        """
        ...

    def score(self, model: str, prompts: Sequence[Prompt], responses: Sequence[Response]) -> list[Scored]:
        """Verdicts on one model's responses, one per prompt and in the prompts' order. One that is empty, or that was
        never made, meets nothing.

        Raises:
            ValueError: A response is to another prompt.
        """
        ...

    def summary(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> dict[str, Any]:
        """The benchmark's part of `results/metrics.json`.

        `version` and `prompts` (how many); per model name a mapping of published metric names to intervals and of
        `lengths.summary`; `differences`: `second-first` -> metric -> interval, each model against the one before it.
        """
        ...

    def by_type(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[TypeRow]:
        """Accuracy by type of constraint, in the order in which a reader wants to see it."""
        ...

    def by_count(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[CountRow]:
        """Accuracy by number of constraints (FollowBench: its levels)."""
        ...


def check_order(ids: Sequence[str], responses: Sequence[Response]) -> None:
    """Refuse responses that do not stand beside their prompts.

    Raises:
        ValueError: One is to another prompt, missing, or too many.
    """
    for id_, response in zip(ids, responses, strict=True):
        if id_ != response.id:
            raise ValueError(f"response {response.id} stands where the one to {id_} should")

"""Putting questions to a model: through the response cache, within a budget, again where an answer is of no use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from crab.config.compute import ComputeConfig
from crab.config.llm import BudgetConfig, LlmConfig, PricesConfig, ServiceConfig
from crab.core import io, paths
from crab.core.errors import CrabError, Problem, ResourceError
from crab.core.modelpath import HUB_FILE, HubModel
from crab.core.records import Message
from crab.engines import content
from crab.engines.base import Engine, Request, Response, open_engine
from crab.engines.cache import Cached, default_place
from crab.synthesis.answers import Unreadable
from crab.synthesis.frozen import MISSING
from crab.synthesis.ledger import Call

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask."""

    messages: list[Message]
    schema: str
    """JSON schema of the answer; empty: free text."""
    purpose: str
    categories: tuple[str, ...]
    """See `ledger.Call`."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[Answer]):
    """What came of a question, with every call that it took."""

    answer: Answer | Unreadable
    calls: tuple[Call, ...]


class Budget:
    """What one stage may spend, answers from before included."""

    def __init__(self, where: str, limits: BudgetConfig, prices: PricesConfig | None) -> None:
        self._where = where
        self._limits = limits
        self._prices = prices
        self._settled = (0, 0, 0)
        self._open = (0, 0, 0)

    def settle(self, calls: Iterable[Call]) -> None:
        """Count calls whose results are kept: those of finished shards, this attempt's or an earlier one's."""
        for call in calls:
            self._settled = _add(self._settled, call.prompt_tokens, call.completion_tokens)
        self._open = (0, 0, 0)

    def allow(self, questions: int) -> int:
        """How many of so many questions may be put as far as the number of requests goes."""
        limit = self._limits.max_requests
        return questions if limit is None else max(0, min(questions, limit - self._settled[0] - self._open[0]))

    def spend(self, response: Response) -> None:
        """Count an answer.

        Raises:
            CrabError: Tokens or money are used up.
        """
        self._open = _add(self._open, response.prompt_tokens, response.completion_tokens)
        _, prompt, completion = (a + b for a, b in zip(self._settled, self._open, strict=True))
        limits = self._limits
        if limits.max_tokens is not None and prompt + completion > limits.max_tokens:
            raise self.reached("max_tokens", f"{prompt + completion} tokens")
        if limits.max_money is not None and self._prices is not None:
            money = self._prices.money(prompt, completion)
            if money > limits.max_money:
                raise self.reached("max_money", f"{money:.4f} spent")

    def reached(self, key: str, found: str) -> CrabError:
        """The message that ends the stage."""
        limit = getattr(self._limits, key)
        where = f"params.yaml [{self._where}.service.budget]"
        fix = f"every answer is kept; to go on where it stopped, raise {self._where}.service.budget.{key} and run again"
        return CrabError(Problem(where, f"{key} = {limit} is reached: {found}, answers from before included", fix))


class Asker:
    """A model behind cache and budget."""

    def __init__(self, engine: Engine, llm: LlmConfig, budget: Budget) -> None:
        self._engine = engine
        self._llm = llm
        self.budget = budget
        self.spent = {"seconds": 0.0, "asked": 0, "cached": 0}
        """Of this process: no function of the inputs, so only for the log."""

    def ask(
        self,
        questions: Sequence[Question],
        read: Callable[[int, Response], Answer | Unreadable],
        sample: int = 0,
    ) -> list[Reply[Answer]]:
        """Put questions, and those again, with another seed, whose answers cannot be read.

        Args:
            questions: What to ask.
            read: (place of the question, response) -> what it says, or why it says nothing.
            sample: Which of several independent answers to the same questions this is.

        Raises:
            CrabError: The budget is used up, or nobody answers; every answer so far is kept.
        """
        replies: list[Reply[Answer]] = [Reply(Unreadable("not asked", ""), ())] * len(questions)
        waiting = list(range(len(questions)))
        for attempt in range(self._llm.attempts):
            responses = self._send([questions[place] for place in waiting], sample * self._llm.attempts + attempt)
            again = []
            for place, response in zip(waiting, responses, strict=True):
                question, answer = questions[place], read(place, response)
                call = Call(question.purpose, question.categories, response.prompt_tokens, response.completion_tokens)
                replies[place] = Reply(answer, (*replies[place].calls, call))
                # The engine has done what can be done about its own errors.
                if isinstance(answer, Unreadable) and response.error is None:
                    again.append(place)
            waiting = again
            if not waiting:
                break
        return replies

    def _send(self, questions: Sequence[Question], seed: int) -> list[Response]:
        sampling = self._llm.sampling
        requests = [
            Request(
                str(number),
                question.messages,
                sampling.max_new_tokens,
                sampling.temperature,
                sampling.top_p,
                sampling.random_seed + seed,
                schema=question.schema or None,
            )
            for number, question in enumerate(questions)
        ]
        allowed = self.budget.allow(len(requests))
        started = time.monotonic()
        found: dict[str, Response] = {}
        stream = self._engine.stream(requests[:allowed])
        try:
            for response in stream:
                found[response.id] = response
                self.spent["cached" if response.attempts == 0 else "asked"] += 1
                self.budget.spend(response)
        finally:
            if close := getattr(stream, "close", None):
                close()  # what is on its way is awaited and kept
            self.spent["seconds"] += time.monotonic() - started
        if allowed < len(requests):
            raise self.budget.reached("max_requests", f"{len(requests) - allowed} more are due")
        return [found[request.id] for request in requests]


@contextmanager
def opened(where: str, llm: LlmConfig, service: ServiceConfig, prompts: str, compute: ComputeConfig) -> Iterator[Asker]:
    """A model ready to be asked; nothing heavy is loaded before the first question that the cache cannot answer.

    Args:
        where: `teacher` or `judge`: the section, for messages.
        llm: The model.
        service: How it is reached.
        prompts: Names, versions and hashes of the prompts (`teaching.identity`); a part of every answer's key.
        compute: Section `compute`.

    Raises:
        ResourceError: There is no such model.
    """
    model = locate(where, llm, service)
    # The digest says what a folder holds; hashing some hundred gigabytes once is enough.
    identity = content.identity(service.engine, llm.model.digest or model) | {"prompts": prompts}
    with Cached(open_engine(service.engine, model, compute), identity, default_place()) as engine:
        yield Asker(engine, llm, Budget(where, service.budget, llm.prices))


def locate(where: str, llm: LlmConfig, service: ServiceConfig) -> Path | str:
    """What `open_engine` takes for the model: a folder, or an endpoint's name for it.

    Raises:
        ResourceError: The folder is not there, or no longer holds what the digest says.
    """
    engine = service.engine.ray.worker if service.engine.ray is not None else service.engine
    if engine.replay is not None or engine.openai is not None:
        return llm.model.name
    if llm.model.folder is None:
        hub = paths.work_root() / "hub" / f"{llm.model.name}@{llm.model.revision}".replace("/", "--")
        if not (hub / HUB_FILE).exists():
            io.write(hub / HUB_FILE, [HubModel(llm.model.name, llm.model.revision)])
        return hub
    folder = paths.from_main_checkout(llm.model.folder)
    if llm.model.digest == MISSING or not folder.is_dir():
        fix = "check the path"
        if llm.model.folder.startswith(".work/teachers"):
            fix = (
                "teacher=self needs a model that was trained before: run `dvc exp run` first (or `dvc checkout "
                "models/sft`), or `python -m crab teacher freeze FOLDER`, then this command again"
            )
        raise ResourceError(Problem(f"params.yaml [{where}.llm.model]", f"no model in {folder}", fix))
    return folder


def _add(total: tuple[int, int, int], prompt: int, completion: int) -> tuple[int, int, int]:
    return total[0] + 1, total[1] + prompt, total[2] + completion

"""The interface behind which text is made. Engines differ in speed and place, not in what they answer.

A response is a function of its own request and the model: never of the other requests, their order or the batch size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig
from crab.core.records import Message

ErrorKind = Literal[
    "too long",  # the prompt leaves no room in the model's positions
    "refused",  # the model or a filter before it declined
    "empty",  # an endpoint's answer holds no text
    "bad request",  # the endpoint does not take this request
    "timed out",  # no answer in time, at every attempt
    "overloaded",  # too many requests (429, 503), at every attempt
    "server",  # other failures of the server or the way to it, at every attempt
    "garbled",  # what came back is not an answer in the endpoint's own format, at every attempt
    "lost",  # the worker died over it, at every attempt
    "not recorded",  # a recording holds no answer to it
]
"""Why there is no text. A closed set, so that errors can be counted and a reader can tell them apart."""

ANSWERS: frozenset[ErrorKind] = frozenset({"refused", "empty"})
"""Errors that are the model's answer: asking again costs again and gives the same. All others may pass."""


@dataclass(frozen=True, slots=True)
class Request:
    """One text to make: what is asked, and how tokens are drawn."""

    id: str
    """Handed back in the response; has no influence on the text. Differs from the others of one call."""
    messages: list[Message]
    max_new_tokens: int
    temperature: float = 0.0
    """0 is greedy."""
    top_p: float = 1.0
    """Tokens are drawn from the smallest set that holds this much probability."""
    seed: int = 0
    """Of this request's own random numbers; several samples of one prompt need several seeds."""
    stop: tuple[str, ...] = ()
    """Texts at which the response ends; they are not part of it."""
    schema: str | None = None
    """JSON schema, as JSON, that the text should follow. Engines that can hold the model to it do; others ignore it,
    and a text that was cut is not JSON either way: whoever asks has to check."""

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1 or self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError(f"request {self.id}: needs max_new_tokens >= 1, temperature >= 0, 0 < top_p <= 1")


@dataclass(frozen=True, slots=True)
class Response:
    """What came of one request, with its usage.

    Two responses are equal when what the model said is; how they were come by is left out of the comparison, and must
    not reach `data/` or `results/`.
    """

    id: str
    text: str
    finished: bool
    """Ended by itself; False where the token limit cut it, or there is none."""
    prompt_tokens: int
    completion_tokens: int
    """Tokens made, the one that ended the response included."""
    error: ErrorKind | None = None
    """Why there is no text; the other requests have theirs all the same."""
    detail: str = field(default="", compare=False)
    """The error in words, for the log."""
    cached_prompt_tokens: int = field(default=0, compare=False)
    """Prompt tokens that the engine had computed before, as far as it tells."""
    attempts: int = field(default=1, compare=False)
    """How often it was asked; 0 where nothing was sent or computed: the answer was kept from before."""


OnAnswer = Callable[[Response], None]


def ignore(response: Response) -> None:
    """The `on_answer` of those who only read the stream."""


class Engine(ABC):
    """Makes text. Loads its model when first asked, frees it when closed."""

    @abstractmethod
    def stream(self, requests: Sequence[Request], on_answer: OnAnswer = ignore) -> Iterator[Response]:
        """One response per request, as they complete, in any order.

        Args:
            requests: Their ids differ.
            on_answer: Called with each response the moment it is there, which may be long before the stream is read
                that far, and from another thread.

        A stream that is closed early starts nothing more; what was sent already is awaited, and goes to `on_answer`.

        Raises:
            CrabError: Nothing can be answered: no model, no device, no server, no access. Responses that were there
                before went to `on_answer`.
        """

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        """One response per request, in the order of the requests; see `stream`."""
        places = {request.id: place for place, request in enumerate(requests)}
        if len(places) < len(requests):
            raise ValueError("two requests of one call share an id")
        return sorted(self.stream(requests), key=lambda response: places[response.id])

    def close(self) -> None:  # noqa: B027 (an engine may hold nothing)
        """Free the model and its memory; the engine may be used again, and loads again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_engine(config: EngineConfig, model: Path | str, compute: ComputeConfig) -> Engine:
    """The engine that the config names, over one model. Nothing heavy is loaded before the first request.

    Args:
        config: Section `engine`, or a role's own.
        model: Folder of a model, or a folder whose `base.json` names a hub model; for an endpoint that does not say
            itself which model to ask, the name under which it serves one.
        compute: Section `compute`; endpoints and recordings have no use for it.

    Raises:
        DataError: There is no such model.
    """
    if config.transformers is not None:
        from crab.engines.transformers import TransformersEngine

        return TransformersEngine(config.transformers, model, compute)
    if config.vllm is not None:
        from crab.engines.vllm import VllmEngine

        return VllmEngine(config.vllm, model, compute)
    if config.openai is not None:
        from crab.engines.openai import OpenaiEngine

        return OpenaiEngine(config.openai, str(model))
    if config.ray is not None:
        from crab.engines.ray import RayEngine

        return RayEngine(config.ray, model, compute)
    from crab.engines.replay import ReplayEngine

    assert config.replay is not None  # the section's validator saw to it
    return ReplayEngine(config.replay)

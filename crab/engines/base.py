"""The interface behind which text is made. Engines differ in speed and place, not in what they answer.

A response is a function of its own request and the model: never of the other requests, their order or the batch size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig
from crab.core.records import Message


@dataclass(frozen=True, slots=True)
class Request:
    """One text to make: what is asked, and how tokens are drawn."""

    id: str
    """Handed back in the response; has no influence on the text."""
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

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1 or self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError(f"request {self.id}: needs max_new_tokens >= 1, temperature >= 0, 0 < top_p <= 1")


@dataclass(frozen=True, slots=True)
class Response:
    """What came of one request, with its usage."""

    id: str
    text: str
    finished: bool
    """Ended by itself; False where the token limit cut it, or there is none."""
    prompt_tokens: int
    completion_tokens: int
    """Tokens made, the one that ended the response included."""
    error: str | None = None
    """Why there is no text, e.g. a prompt that the model cannot hold; the other requests have theirs all the same."""


class Engine(Protocol):
    """Makes text. Loads its model when first asked, frees it when closed."""

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        """One response per request, in the order of the requests."""
        ...

    def close(self) -> None:
        """Free the model and its memory; the engine may be used again, and loads again."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_engine(config: EngineConfig, model: Path | str, compute: ComputeConfig) -> Engine:
    """The engine that the config names, over one model. Nothing heavy is loaded before the first request.

    Args:
        config: Section `engine`.
        model: Folder of a model, or a folder whose `base.json` names a hub model.
        compute: Section `compute`.

    Raises:
        DataError: There is no such model.
    """
    if config.vllm is not None:
        from crab.engines.vllm import VllmEngine

        return VllmEngine(config.vllm, model, compute)
    from crab.engines.transformers import TransformersEngine

    assert config.transformers is not None  # the section's validator saw to it
    return TransformersEngine(config.transformers, model, compute)

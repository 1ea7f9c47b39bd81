"""What an endpoint sent back, read as a response or as one of the closed kinds of errors."""

from __future__ import annotations

from typing import Literal

from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from crab.engines.base import ErrorKind, Request, Response

RETRIED: frozenset[ErrorKind] = frozenset({"timed out", "overloaded", "server", "garbled"})
"""Errors that another attempt may mend."""
_STATUS: dict[int, ErrorKind] = {408: "timed out", 409: "server", 413: "too long", 429: "overloaded", 503: "overloaded"}
# Servers agree on no code for it; these are OpenAI's and vLLM's words.
_TOO_LONG = ("context_length", "context length", "maximum context", "too long", "max_model_len")


@dataclass(frozen=True)
class _Message:
    content: str | None = None
    refusal: str | None = None


@dataclass(frozen=True)
class _Choice:
    message: _Message
    finish_reason: str | None = None


@dataclass(frozen=True)
class _Details:
    cached_tokens: int | None = None


@dataclass(frozen=True)
class _Usage:
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None


@dataclass(frozen=True)
class _Reply:
    """The fields of a chat completion that are read; what else it holds is passed over."""

    choices: list[_Choice]
    usage: _Usage | None = None


_REPLY = TypeAdapter(_Reply)


def read(request: Request, body: bytes) -> Response:
    """An answer of status 200, whatever its body is."""
    try:
        reply = _REPLY.validate_json(body)
        choice = reply.choices[0]
    except ValidationError as error:
        return failed(request, "garbled", f"not a chat completion: {error.errors()[0]['msg']}")
    except IndexError:
        return failed(request, "garbled", "not a chat completion: no choices")
    text = choice.message.content or ""
    kind: ErrorKind | None = None
    if choice.message.refusal or choice.finish_reason == "content_filter":
        kind = "refused"
    elif not text.strip():
        kind = "empty"
    usage = reply.usage or _Usage()
    details = usage.prompt_tokens_details
    return Response(
        request.id,
        text if kind is None else "",
        kind is None and choice.finish_reason != "length",
        usage.prompt_tokens,
        usage.completion_tokens,
        kind,
        choice.message.refusal or "",
        (details.cached_tokens or 0) if details else 0,
    )


def classify(error: OpenAIError | TimeoutError) -> ErrorKind:
    """The kind of error that an attempt ended with."""
    if isinstance(error, APIStatusError):
        if error.status_code in (400, 422):
            return _bad(error)
        return _STATUS.get(error.status_code, "server" if error.status_code >= 500 else "bad request")
    if isinstance(error, APITimeoutError | TimeoutError):
        return "timed out"
    return "server" if isinstance(error, APIConnectionError) else "garbled"


def unreachable(error: OpenAIError | TimeoutError) -> bool:
    """Nobody took the connection: nothing was sent, nothing is paid."""
    # By name: the client sits on one of two libraries, whose errors are called the same.
    names = {kind.__name__ for kind in type(error.__cause__).__mro__}
    return isinstance(error, APIConnectionError) and bool(names & {"ConnectError", "ConnectTimeout"})


def failed(request: Request, kind: ErrorKind, detail: str) -> Response:
    return Response(request.id, "", False, 0, 0, kind, detail)


def _bad(error: APIStatusError) -> Literal["too long", "refused", "bad request"]:
    said = f"{error.code} {error.message}".lower()
    if any(words in said for words in _TOO_LONG):
        return "too long"
    return "refused" if "content_filter" in said or "content_policy" in said else "bad request"

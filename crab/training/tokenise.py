"""From chat rows to tokens, with the boundary between prompt and completion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from crab.core.errors import DataError, Problem
from crab.core.records import Message, Rejected, TrainingRow

Overlong = Literal["drop", "cut"]
Answers = Literal["last", "all"]
Tokens = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One training sequence; the loss is taken over its answers."""

    tokens: Tokens
    answers: tuple[tuple[int, int], ...]
    """Spans of tokens (start, end) that are learnt, in order; the first token of a sequence is never among them."""
    weight: float = 1.0
    reverse: bool = False

    @property
    def completion_tokens(self) -> int:
        """Tokens that are learnt."""
        return sum(end - start for start, end in self.answers)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows that fit, rows that did not, and how many fit only after a cut."""

    rows: list[TokenRow]
    rejected: list[Rejected]
    cut: int


def prepare(
    rows: Sequence[TrainingRow], tokenizer: Any, max_length: int, overlong: Overlong, answers: Answers = "last"
) -> Prepared:
    """Tokenise rows and deal with those above `max_length` tokens.

    Args:
        rows: The rows.
        tokenizer: With a chat template.
        max_length: Tokens of a row, at most.
        overlong: `drop` rejects longer rows. `cut` keeps their first `max_length` tokens: the completion loses its end,
            and with it the end-of-turn token. A prompt that leaves no room for any completion is rejected either way.
        answers: The loss is on the `last` answer, or on `all` of a conversation, demonstrations included.

    Raises:
        DataError: A completion that is not the assistant's, or a chat template that cannot be used.
    """
    kept: list[TokenRow] = []
    rejected: list[Rejected] = []
    cut = 0
    encoded = encode(tokenizer, [(row.prompt, row.completion) for row in rows])
    earlier = _earlier_answers(tokenizer, rows) if answers == "all" else [()] * len(rows)
    for row, (tokens, boundary), before in zip(rows, encoded, earlier, strict=True):
        if reason := too_long(len(tokens), boundary, max_length, overlong):
            rejected.append(Rejected("sft", reason, f"{len(tokens)} tokens, at most {max_length}", asdict(row)))
            continue
        cut += len(tokens) > max_length
        spans = (*before, (max(boundary, 1), min(len(tokens), max_length)))
        kept.append(TokenRow(tokens[:max_length], spans, row.weight, row.task == "reverse"))
    return Prepared(kept, rejected, cut)


def too_long(length: int, boundary: int, max_length: int, overlong: Overlong) -> str:
    """Why a sequence is rejected; empty when it is kept, whole or cut."""
    if boundary >= max_length:
        return "prompt too long"
    return "too long" if length > max_length and overlong == "drop" else ""


def encode(tokenizer: Any, pairs: Sequence[tuple[list[Message], list[Message]]]) -> list[tuple[Tokens, int]]:
    """Tokens of prompt and completion, and how many of them are the prompt's.

    As TRL does it: both are rendered together, and the completion begins where these tokens leave those of the prompt
    with the assistant's opening.

    Raises:
        DataError: A completion that is not the assistant's, or a chat template that cannot be used.
    """
    from trl.data_utils import common_prefix_length

    if not pairs:
        return []
    wrong = {message["role"] for _, completion in pairs for message in completion} - {"assistant"}
    if wrong:
        raise DataError(
            Problem(
                "training rows", f"a completion has turns of {', '.join(sorted(wrong))}", "put them into the prompt"
            )
        )
    prompts = [
        str(tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)) for prompt, _ in pairs
    ]
    wholes = [
        str(tokenizer.apply_chat_template([*prompt, *completion], tokenize=False)) for prompt, completion in pairs
    ]
    for prompt, whole in zip(prompts, wholes, strict=True):
        if not whole.startswith(prompt):
            raise DataError(
                Problem(
                    "the chat template",
                    "renders a prompt differently once an answer follows",
                    "set model.chat_template, e.g. lines",
                )
            )
    # Templates write the special tokens themselves.
    encoded_prompts = tokenizer(prompts, add_special_tokens=False)["input_ids"]
    encoded_wholes = tokenizer(wholes, add_special_tokens=False)["input_ids"]
    return [
        (np.asarray(whole, dtype=np.int32), common_prefix_length(prompt, whole))
        for prompt, whole in zip(encoded_prompts, encoded_wholes, strict=True)
    ]


def _earlier_answers(tokenizer: Any, rows: Sequence[TrainingRow]) -> list[tuple[tuple[int, int], ...]]:
    """Spans of the answers inside each row's prompt: each ends where the conversation up to it ends."""
    turns = [
        (row.prompt[:place], row.prompt[place : place + 1])
        for row in rows
        for place, message in enumerate(row.prompt)
        if message["role"] == "assistant"
    ]
    spans = iter([(boundary, len(tokens)) for tokens, boundary in encode(tokenizer, turns)])
    return [tuple(next(spans) for message in row.prompt if message["role"] == "assistant") for row in rows]


def stop_token(tokenizer: Any) -> int:
    """The token that ends the assistant's turn in this tokenizer's chat template.

    Raises:
        DataError: The template ends a turn with ordinary text, so that a model could not learn to stop.
    """
    [(tokens, boundary)] = encode(
        tokenizer, [([{"role": "user", "content": "a"}], [{"role": "assistant", "content": "b"}])]
    )
    special = set(tokenizer.all_special_ids)
    ends = [int(token) for token in tokens[boundary:] if int(token) in special]
    if not ends:
        raise DataError(
            Problem(
                "the chat template",
                "ends the assistant's turn without a special token",
                "set model.chat_template, e.g. lines",
            )
        )
    return ends[-1]

"""From messages to token ids, and the tokens that end a turn: the same for every engine that runs a model here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crab.core import hub, modelpath
from crab.core.errors import DataError, Problem
from crab.core.records import Message
from crab.engines.base import Request, Response

_MARK = "qzxjk"  # a text that no template writes itself
_TEMPLATE = "chat_template.jinja"


def load_tokenizer(model: Path | str) -> Any:
    """The tokenizer of a model folder. A chat template that lies in the folder wins over the hub model's own.

    Raises:
        DataError: There is no chat template.
        ResourceError: A hub model that cannot be reached.
    """
    from transformers import AutoTokenizer

    name, revision = modelpath.resolve(model)
    with hub.reaching(name, revision):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    template = Path(model) / _TEMPLATE
    if template.exists():
        tokenizer.chat_template = template.read_text(encoding="utf-8")
    if not tokenizer.chat_template:
        raise DataError(Problem(str(model), f"{name} brings no chat template", "set model.chat_template, e.g. lines"))
    return tokenizer


def encode(tokenizer: Any, conversations: Sequence[list[Message]]) -> list[list[int]]:
    """Token ids of each conversation, ready for the assistant's turn.

    Args:
        tokenizer: See `load_tokenizer`.
        conversations: Messages, the last one not the assistant's.
    """
    texts = [
        tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        for messages in conversations
    ]
    # The template writes the special tokens itself.
    return [list(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []


def end_tokens(tokenizer: Any, generation_config: Any) -> list[int]:
    """Ids that end a response: the model's and the tokenizer's end of text, and what the template puts after a turn."""
    declared = generation_config.eos_token_id
    ids = [*(declared if isinstance(declared, list) else [declared]), tokenizer.eos_token_id]
    turns: list[Message] = [{"role": "user", "content": _MARK}, {"role": "assistant", "content": _MARK}]
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    after = tokenizer(text.rpartition(_MARK)[2].lstrip(), add_special_tokens=False)["input_ids"]
    ids += [token for token in after[:1] if token in tokenizer.all_special_ids]
    return sorted({token for token in ids if token is not None})


def read(tokenizer: Any, ids: Sequence[int], end_tokens: Sequence[int], stop: Sequence[str]) -> tuple[str, bool, int]:
    """Text, whether it ended by itself, and the tokens that were made for it.

    Args:
        tokenizer: The tokenizer.
        ids: New tokens; what follows the first end token is padding.
        end_tokens: See `end_tokens`.
        stop: Texts that end a response and are no part of it.
    """
    length = next((number for number, token in enumerate(ids) if token in end_tokens), None)
    text = str(tokenizer.decode(ids[:length], skip_special_tokens=True))
    made = len(ids) if length is None else length + 1
    places = [place for one in stop if (place := text.find(one)) >= 0]
    return text[: min(places, default=None)], length is not None or bool(places), made


def too_long(request: Request, prompt_tokens: int, positions: int) -> Response:
    """The response to a prompt that the model cannot hold."""
    detail = f"prompt of {prompt_tokens} tokens leaves no room in the model's {positions} positions"
    return Response(request.id, "", False, prompt_tokens, 0, "too long", detail)

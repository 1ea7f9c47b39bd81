from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crab.core.errors import ConfigError, DataError
from crab.core.records import TrainingRow
from crab.prompts.chat import templates
from crab.training import loading, sft, tokenise

Rows = Callable[..., list[TrainingRow]]


@pytest.fixture(scope="module")
def tokenizer(base: Path) -> Any:
    return loading.load_tokenizer(base)


def test_loss_is_on_the_answer_and_its_end(tokenizer: Any, rows: Rows) -> None:
    row = rows(1)[0]
    [prepared] = tokenise.prepare([row], tokenizer, 128, "drop").rows
    [(start, end)] = prepared.answers
    assert end == len(prepared.tokens)
    answer = tokenizer.decode(prepared.tokens[start:])
    prompt = tokenizer.decode(prepared.tokens[:start])
    assert answer == row.completion[0]["content"] + tokenizer.eos_token
    assert prompt == f"<|user|>{row.prompt[0]['content']}{tokenizer.eos_token}<|assistant|>"
    assert prepared.completion_tokens == end - start


def test_tasks_keep_their_side(tokenizer: Any, rows: Rows) -> None:
    for task, reverse in (("forward", False), ("general", False), ("reverse", True)):
        [prepared] = tokenise.prepare(rows(1, task), tokenizer, 128, "drop").rows
        assert prepared.reverse is reverse


def test_overlong_rows_are_dropped_with_a_reason(tokenizer: Any, rows: Rows) -> None:
    short, long = rows(3, words=(3, 4)), rows(2, words=(80, 90))
    prepared = tokenise.prepare([*short, *long], tokenizer, 64, "drop")
    assert len(prepared.rows) == 3
    assert [rejected.reason for rejected in prepared.rejected] == ["too long", "too long"]
    assert prepared.rejected[0].record["completion"] == long[0].completion
    assert "at most 64" in prepared.rejected[0].detail
    assert prepared.cut == 0


def test_overlong_rows_are_cut_at_their_end(tokenizer: Any, rows: Rows) -> None:
    prepared = tokenise.prepare(rows(2, words=(80, 90)), tokenizer, 64, "cut")
    assert prepared.cut == 2
    assert prepared.rejected == []
    for row in prepared.rows:
        assert len(row.tokens) == 64
        assert row.tokens[-1] != tokenizer.eos_token_id


@pytest.mark.parametrize("overlong", ["drop", "cut"])
def test_a_prompt_that_leaves_no_room_is_rejected(tokenizer: Any, rows: Rows, overlong: tokenise.Overlong) -> None:
    [rejected] = tokenise.prepare(rows(1), tokenizer, 4, overlong).rejected
    assert rejected.reason == "prompt too long"


def test_completions_are_the_assistants(tokenizer: Any) -> None:
    turn = [{"role": "user", "content": "a"}]
    with pytest.raises(DataError, match="turns of user"):
        tokenise.encode(tokenizer, [(turn, turn)])  # type: ignore[list-item]


@pytest.mark.parametrize("name", templates.names())
def test_templates_mark_what_is_generated(tokenizer: Any, name: str) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": "Three?"},
        {"role": "assistant", "content": "Four."},
    ]
    encoded = tokenizer.apply_chat_template(
        messages, chat_template=templates.load(name), return_dict=True, return_assistant_tokens_mask=True
    )
    mask = encoded["assistant_masks"]
    generated = tokenizer.decode([token for token, one in zip(encoded["input_ids"], mask, strict=True) if one])
    assert generated == f"Two.{tokenizer.eos_token}Four.{tokenizer.eos_token}"


@pytest.mark.parametrize("name", templates.names())
def test_templates_open_the_assistants_turn_as_it_continues(tokenizer: Any, name: str) -> None:
    tokenizer.chat_template = templates.load(name)
    assert tokenise.stop_token(tokenizer) == tokenizer.eos_token_id


def test_a_template_without_an_end_is_refused(base: Path) -> None:
    tokenizer = loading.load_tokenizer(base)
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}\n{% endfor %}"
    with pytest.raises(DataError, match="without a special token"):
        tokenise.stop_token(tokenizer)


def test_unknown_template_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="lines, tags"):
        templates.load("chatml")


def test_prepare_reads_the_configured_length(base: Path, rows: Rows, setup: Any) -> None:
    config = setup(model__max_length=16, sft__overlong="cut")
    prepared = sft.prepare(base, rows(4, words=(15, 20)), config.sft, config.model)
    assert prepared.cut == len(prepared.rows)

"""`crab teacher`: what a teacher would cost, and which model `teacher=self` is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from crab.cli import compose
from crab.config.backtranslate import BacktranslateConfig
from crab.config.judge import JudgeConfig
from crab.config.llm import LlmConfig
from crab.config.section import load
from crab.config.teacher import TeacherConfig
from crab.core import io, paths
from crab.core.errors import CrabError, DataError, Problem
from crab.core.records import Message, Seed
from crab.synthesis import estimate, frozen

SEEDS = Path("data/seed")
CHARACTERS_PER_TOKEN = 4
"""Of English, where the model's own tokenizer is not on this machine."""


def show_estimate(root: Path, overrides: Sequence[str]) -> None:
    """Print rows, calls, tokens and money of teacher and judge, as the overrides would have them; nothing is sent.

    Raises:
        CrabError: The values cannot work, no model is asked, or there are no seeds yet.
    """
    params = YAML(typ="safe").load(compose.composed(root, overrides))
    teacher, judge = load("teacher", TeacherConfig, params), load("judge", JudgeConfig, params)
    if teacher.llm is None and judge.llm is None:
        raise CrabError(Problem("teacher, judge", "no model is asked, so nothing costs", "e.g. teacher=endpoint"))
    seeds = [seed for split in ("train", "dev", "heldout") for seed in io.stream(SEEDS / f"{split}.jsonl", Seed)]
    found, notes = [], []
    if teacher.llm is not None:
        count, note = counter(teacher.llm)
        random_seed = load("backtranslate", BacktranslateConfig, params).random_seed
        found.append(estimate.teacher(seeds, teacher.llm, random_seed, count))
        notes.append(f"teacher: {note}")
    if judge.llm is not None:
        count, note = counter(judge.llm)
        judged = 0 if teacher.llm is None else estimate.judged_fields(teacher.llm)
        found.append(estimate.judge(seeds, judge.llm, judged, 2 * judge.llm.audit_records, count))
        notes.append(f"judge: {note}; one verdict for each of {judged} judged fields a record, none of them empty")
    console = Console()
    console.width = max(console.width, 110)
    console.print(_table(found))
    for note in notes:
        console.print(note, soft_wrap=True, highlight=False)
    console.print("What the cache holds already costs nothing; shared prompt parts may be cheaper than counted here.")


def freeze(folder: Path) -> None:
    """Make a model the teacher of `teacher=self`, whoever taught it.

    Raises:
        DataError: There is no model.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        raise DataError(Problem(str(folder), "holds no model", "run `dvc exp run`, which trains models/sft"))
    root = paths.main_checkout()
    name = frozen.freeze(folder, root)
    print(f"teacher=self is now {root / frozen.TEACHERS / name}")


def counter(llm: LlmConfig) -> tuple[estimate.Count, str]:
    """How tokens are counted: by the model's tokenizer if it is on this machine, else by characters; with a note."""
    from transformers import AutoTokenizer

    name = str(paths.from_main_checkout(llm.model.folder)) if llm.model.folder else llm.model.name
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=llm.model.revision, local_files_only=True)
    except (OSError, ValueError):
        note = f"counted as {CHARACTERS_PER_TOKEN} characters a token: the tokenizer of {llm.model.name} is not here"
        return lambda messages: len(_text(messages)) // CHARACTERS_PER_TOKEN, note
    return lambda messages: len(tokenizer(_text(messages))["input_ids"]), f"counted by the tokenizer of {name}"


def _text(messages: Sequence[Message]) -> str:
    return "\n".join(message["content"] for message in messages)


def _table(found: Sequence[estimate.Estimate]) -> Table:
    table = Table(title="estimate; nothing was sent", title_justify="left", box=box.SIMPLE)
    for title in ("role", "records", "calls", "prompt tokens", "new tokens", "at most", "money", "at most "):
        table.add_column(title, justify="left" if title == "role" else "right")
    for one in found:
        numbers = (one.records, one.calls, one.prompt_tokens, one.completion_tokens, one.most_completion_tokens)
        money = ["no prices" if value is None else f"{value:.2f}" for value in (one.money, one.most_money)]
        table.add_row(one.role, *(f"{number:,.0f}" for number in numbers), *money)
    return table

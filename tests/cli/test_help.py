"""Help that teaches: an example for every command, a panel for each of the first level, and what Tab offers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from crab.cli import completion
from crab.cli.app import app
from tests.tracking.toy_project import ROOT


def commands(group: typer.core.TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


TREE = typer.main.get_command(app)
assert isinstance(TREE, typer.core.TyperGroup)
COMMANDS = dict(commands(TREE))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_of_itself(name: str) -> None:
    told = getattr(COMMANDS[name], "help", "") or ""
    [example] = re.findall(r"Example: `python -m crab ([^`]*)`", told)
    assert example.startswith(name)
    # Options that an example uses exist.
    known = {option for one in COMMANDS[name].params for option in one.opts}
    assert set(re.findall(r"(?<!\S)--?[a-z][\w-]*", example)) <= known


def test_every_command_of_the_first_level_has_a_panel() -> None:
    for name, command in TREE.commands.items():
        assert isinstance(command.rich_help_panel, str), name


def test_what_tab_offers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRAB_ROOT", str(ROOT))
    assert completion.families("crab_vs") == ["crab_vs_plain"]
    assert "model=tiny_mistral" in completion.overrides("model=ti")
    assert "model=" in completion.overrides("mo")
    assert all(found.startswith("model=ti") for found in completion.overrides("model=ti"))
    assert completion.overrides("sft.aux") == []
    monkeypatch.setenv("CRAB_ROOT", str(tmp_path))
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert completion.families("") == completion.overrides("") == completion.records("") == []

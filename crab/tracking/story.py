"""What an experiment asks, and what it changes: told by the files of `conf/` and by the committed parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crab.tracking import rows
from crab.tracking.identity import git

Show = Callable[[str], str]
"""A tracked file's text by its path; empty where there is none."""
NOT_THERE = "–"
BOOKKEEPING = ("name", "track.", "launch.", "engine.")
"""Parameters that name a run, or say how it was done; they change no result."""


def of_workspace(params: Mapping[str, Any], workspace: Path = Path()) -> tuple[str, dict[str, tuple[str, str]]]:
    """Question and changes of what runs in this folder, against the parameters of its commit."""

    def show(path: str) -> str:
        file = workspace / path
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    return question(params, show), changes(params, git("show", "HEAD:params.yaml", folder=workspace))


def question(params: Mapping[str, Any], show: Show) -> str:
    """What the family asks, or the file in conf/experiment that gave the name; empty where neither is there."""
    track = params.get("track")
    family = str(track.get("family") or "") if isinstance(track, Mapping) else ""
    for path in (f"conf/family/{family}.yaml", f"conf/study/{family.removeprefix('study_')}.yaml"):
        if family and (text := _load(show(path)).get("question")):
            return str(text)
    return opening(show(f"conf/experiment/{params.get('name', '')}.yaml"))


def opening(text: str) -> str:
    """The first sentence of a file's opening comment, without Hydra's directive."""
    comments = (line.removeprefix("# ").strip() for line in text.splitlines() if line.startswith("# "))
    first = next((line for line in comments if not line.startswith("@package")), "")
    asked, mark, _ = first.partition("?")
    return asked + mark


def changes(params: Mapping[str, Any], default: str) -> dict[str, tuple[str, str]]:
    """Parameter -> its value in `default`, the text of a params.yaml, and here; empty where there is no default.

    Values that conf/ takes from another one are left out where that one changed alike.
    """
    committed = _load(default)
    if not committed:
        return {}
    here, there = rows.parameters(params), rows.parameters(committed)
    changed = {
        name: (there.get(name, NOT_THERE), here.get(name, NOT_THERE))
        for name in dict.fromkeys([*here, *there])
        if here.get(name) != there.get(name) and not name.startswith(BOOKKEEPING)
    }
    return {name: values for name, values in changed.items() if values not in _sources(name, changed)}


def _sources(name: str, changed: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """Changes that this one may follow: stages take `random_seed`, and training its values from the model."""
    names = [f"model.{name}"] + ["random_seed"] * ("." in name and name.endswith("_seed"))
    return [changed[source] for source in names if source in changed]


def _load(text: str) -> dict[str, Any]:
    try:
        found = YAML(typ="safe").load(text)
    except YAMLError:
        return {}
    return found if isinstance(found, dict) else {}

"""A model that is evaluated without training: where it lies, and what every request to it carries."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crab.config.candidate import CandidateConfig
from crab.config.engine import EngineConfig
from crab.core import io, modelpath
from crab.core.errors import ConfigError, Problem
from crab.engines.base import Request

FOLDER = Path("conf/candidate")
_HUB_ID = re.compile(r"^[\w.-]+/[\w.-]+$")


def names(root: Path) -> list[str]:
    """Every candidate that has a file."""
    return sorted(file.stem for file in (root / FOLDER).glob("*.yaml"))


def find(root: Path, model: str, engine: EngineConfig) -> CandidateConfig:
    """A candidate by the name of its file; else a model's folder, hub id, or name at an endpoint, as it comes.

    Args:
        root: The main checkout.
        model: What the user calls it.
        engine: Section `engine`.

    Raises:
        ConfigError: The file has problems, or there is no such model.
    """
    if model in names(root):
        return _read(root / FOLDER / f"{model}.yaml")
    if not (Path(model).is_dir() or _HUB_ID.match(model) or _remote(engine)):
        known = f"name a folder, a hub id, or one of {', '.join(names(root))}"
        raise ConfigError(Problem(model, "no such model", known))
    name = re.sub(r"[^\w.-]+", "_", Path(model).name if Path(model).is_dir() else model).strip("_.")
    return CandidateConfig(
        name=name,
        model=model,
        revision=None,
        chat_template=None,
        system_prompt=None,
        stop=[],
        max_new_tokens=None,
        engine=None,
        published=None,
        access="",
    )


def template(root: Path, candidate: CandidateConfig) -> str | None:
    """The text of the chat template that stands in for the model's own.

    Raises:
        ConfigError: There is no such file.
    """
    if candidate.chat_template is None:
        return None
    file = root / FOLDER / "templates" / f"{candidate.chat_template}.jinja"
    if not file.is_file():
        known = ", ".join(sorted(one.stem for one in file.parent.glob("*.jinja")))
        found = f"chat_template = {candidate.chat_template!r} names no file"
        raise ConfigError(Problem(f"candidate {candidate.name}", found, f"there are: {known}"))
    return file.read_text(encoding="utf-8")


def place(work: Path, candidate: CandidateConfig, engine: EngineConfig, chat_template: str | None) -> Path | str:
    """What to open an engine over: the model's name at an endpoint; else a folder, which may stand for a hub model.

    Args:
        work: Where folders that stand for models may be made.
        candidate: The model.
        engine: How it is run.
        chat_template: See `template`.
    """
    if _remote(engine):
        return candidate.model
    folder = Path(candidate.model)
    if folder.is_dir() and chat_template is None:
        return folder
    name = str(folder.resolve()) if folder.is_dir() else candidate.model
    said = f"{name} {candidate.revision} {chat_template}"
    made = work / f"{candidate.name}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
    io.write_json(made / modelpath.HUB_FILE, {"hub_id": name, "revision": candidate.revision})
    if chat_template is not None:
        with io.replacing(made / "chat_template.jinja") as file:
            file.write(chat_template)
    return made


def dressed(candidate: CandidateConfig, requests: Sequence[Request]) -> list[Request]:
    """The requests of a benchmark with the candidate's system prompt and stop texts."""
    system = candidate.system_prompt
    return [
        replace(
            request,
            messages=request.messages if system is None else [{"role": "system", "content": system}, *request.messages],
            stop=tuple(candidate.stop),
        )
        for request in requests
    ]


def _remote(engine: EngineConfig) -> bool:
    return engine.name in ("openai", "replay")


def _read(file: Path) -> CandidateConfig:
    try:
        return CandidateConfig.model_validate(YAML(typ="safe").load(file.read_text(encoding="utf-8")))
    except YAMLError as error:
        raise ConfigError(Problem(str(file), f"not YAML: {error}")) from None
    except ValidationError as error:
        raise ConfigError(
            [Problem(f"{file}: {'.'.join(map(str, one['loc']))}", one["msg"]) for one in error.errors()]
        ) from None

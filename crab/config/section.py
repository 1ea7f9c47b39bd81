"""Reading one section of `params.yaml` into a typed, frozen object, with every problem told at once.

One loader for the whole project: ruamel's safe YAML, as DVC reads it (PyYAML takes `5e-6` for text).
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crab.core.errors import ConfigError, Problem

PARAMS = Path("params.yaml")


class Section(BaseModel):
    """A section of `params.yaml`: unknown keys are refused, types are not guessed, values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True, protected_namespaces=()
    )


Kind = TypeVar("Kind", bound=Section)


def read_params(path: Path = PARAMS) -> dict[str, Any]:
    """All of `params.yaml`, untyped.

    Raises:
        ConfigError: The file is missing or not YAML.
    """
    try:
        values = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(Problem(str(path), "no such file", "run `python -m crab compose`")) from None
    except YAMLError as error:
        raise ConfigError(Problem(str(path), f"not YAML: {error}", "run `python -m crab compose`")) from None
    if not isinstance(values, dict):
        raise ConfigError(Problem(str(path), "not a mapping of sections", "run `python -m crab compose`"))
    return values


def problems_in(name: str, kind: type[Section], values: Any) -> list[Problem]:
    """Everything wrong with a section's values, in the order of the schema; empty when it is sound."""
    where = f"params.yaml [{name}]"
    if not isinstance(values, dict):
        found = "section is missing" if values is None else f"is {values!r}, not a mapping"
        return [Problem(where, found, f"edit conf/{name}, then `python -m crab compose`")]
    try:
        kind.model_validate(values)
    except ValidationError as error:
        return [_explain(where, name, kind, details) for details in error.errors()]
    return []


def load(name: str, kind: type[Kind], params: dict[str, Any] | None = None) -> Kind:
    """One section of `params.yaml`, typed.

    Raises:
        ConfigError: With every problem of the section.
    """
    values = (read_params() if params is None else params).get(name)
    if problems := problems_in(name, kind, values):
        raise ConfigError(problems)
    return kind.model_validate(values)


def _explain(where: str, name: str, kind: type[BaseModel], details: Any) -> Problem:
    location = [str(part) for part in details["loc"]]
    key = ".".join(location)
    fix = f"edit conf/{name}, or override {name}.{key}"
    if details["type"] == "extra_forbidden":
        known = _fields_at(kind, location[:-1])
        close = difflib.get_close_matches(location[-1], known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        return Problem(where, f"unknown key {key!r}", f"{hint} ({fix})")
    if details["type"] == "missing":
        return Problem(where, f"{key!r} is not set", fix)
    if details["input"] == "???":
        return Problem(where, f"{key!r} is mandatory and not set", fix)
    message = details["msg"].removeprefix("Value error, ")
    subject = f"{key} = {details['input']!r}" if location else "values"
    return Problem(where, f"{subject}: {message[:1].lower()}{message[1:]}", fix)


def _fields_at(kind: type[BaseModel], location: list[str]) -> list[str]:
    for part in location:
        field = kind.model_fields.get(part)
        annotation = field.annotation if field else None
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not models:
            return []
        kind = models[0]
    return list(kind.model_fields)

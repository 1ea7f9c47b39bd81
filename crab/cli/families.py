"""A family: a question, and the runs that answer it, in one file of `conf/family/`."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crab.core.errors import ConfigError, Problem

Value = str | int | float | bool | None


class Family(BaseModel):
    """What a file in `conf/family/` says."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    question: str = Field(min_length=1)
    """What the comparison is to answer."""
    arms: dict[str, list[str]] = Field(default_factory=dict)
    """Name of an arm -> its overrides; the first one is what the others are compared with."""
    vary: dict[str, list[Value]] = Field(default_factory=dict)
    """Override -> its values; every arm runs with every combination."""


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a family."""

    name: str
    """DVC's and MLflow's name of the run."""
    arm: str
    """What it is compared as: the arm's name, and whatever varies beside the random seed."""
    random_seed: int | None
    """Its value of `random_seed`, where the family varies it."""
    overrides: tuple[str, ...]


def names(root: Path) -> list[str]:
    """The families that there are."""
    return sorted(file.stem for file in (root / "conf" / "family").glob("*.yaml"))


def load(root: Path, name: str) -> Family:
    """One family's file.

    Raises:
        ConfigError: There is none, or it says something else than a family does.
    """
    path = root / "conf" / "family" / f"{name}.yaml"
    where = f"conf/family/{name}.yaml"
    if not path.exists():
        raise ConfigError(Problem(where, "no such family", f"there are: {', '.join(names(root)) or 'none'}"))
    try:
        family = Family.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except YAMLError as error:
        raise ConfigError(Problem(where, f"not YAML: {error}")) from None
    except ValidationError as error:
        raise ConfigError(
            [Problem(where, f"{'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}") for e in error.errors()]
        ) from None
    if not family.arms and not family.vary:
        raise ConfigError(Problem(where, "names neither arms nor anything to vary", "add `arms:` or `vary:`"))
    return family


def points(name: str, family: Family) -> list[Point]:
    """Every run of a family; runs of one arm stand together, so that parallel workers begin with different seeds."""
    found = []
    for arm, overrides in (family.arms or {"": []}).items():
        for values in itertools.product(*family.vary.values()):
            varied = dict(zip(family.vary, values, strict=True))
            seed = varied.get("random_seed")
            others = [_label(key, value) for key, value in varied.items() if key != "random_seed"]
            parts = [part for part in [arm, *others] if part]
            label = "-".join(parts) or "run"
            seed_label = [_label("random_seed", seed)] if "random_seed" in varied else []
            found.append(
                Point(
                    name="-".join([name, *parts, *seed_label]),
                    arm=label,
                    random_seed=seed if isinstance(seed, int) else None,
                    overrides=(
                        *overrides,
                        *(f"{key}={_written(value)}" for key, value in varied.items()),
                        f"track.family={name}",
                    ),
                )
            )
    return found


def _label(key: str, value: Value) -> str:
    """`tiny_mistral` for a choice, `aux_weight0.5` for a number."""
    return value if isinstance(value, str) else f"{key.rpartition('.')[2]}{_written(value)}"


def _written(value: Value) -> str:
    return (
        {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else str(value)
    )

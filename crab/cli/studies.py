"""A study: questions with the claims that answer them, and the arms whose runs decide; all in `conf/study/`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crab.cli import families
from crab.cli.families import Family, Point
from crab.core.errors import ConfigError, Problem

FOLDER = Path("conf/study")
ARMS = FOLDER / "shared" / "arms.yaml"
CLAIMS = FOLDER / "shared" / "claims.yaml"

Model = Literal["base", "sft", "dpo"]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Arm(_Said):
    """One setting."""

    about: str = Field(min_length=1)
    """What it is, and why it is there."""
    overrides: list[str]
    trains: Literal["sft", "dpo"] = "sft"
    """The last stage that means something; `sft` adds the overrides `sft_only`."""


class Arms(_Said):
    """What `shared/arms.yaml` says."""

    sft_only: list[str]
    """Overrides that make the preference stage as cheap as it can be."""
    arms: dict[str, Arm]


class Claim(_Said):
    """That the first of two models is the better one."""

    says: str = Field(min_length=1)
    paper: str = ""
    """The paper's own numbers; empty for a question of ours."""
    compare: tuple[str, str]
    """Two models, each as `arm/model`; the difference is the first one minus the second."""
    on: Literal["heldout", "unseen"] = "heldout"
    measure: Literal["prompt", "instruction"] = "prompt"
    """Share of prompts with all constraints met, or of constraints met."""
    expected: Literal["higher", "lower"] = "higher"
    margin_points: float | None = Field(default=None, gt=0)
    """Instead of the margin of the file."""

    @property
    def arms(self) -> tuple[str, str]:
        """Whose models they are."""
        first, second = (side.partition("/")[0] for side in self.compare)
        return first, second

    @property
    def models(self) -> tuple[str, str]:
        first, second = (side.partition("/")[2] for side in self.compare)
        return first, second


class NotRun(_Said):
    """A claim that no arm here can decide."""

    says: str
    paper: str = ""
    why: str


class Question(_Said):
    """Claims that are read together, so that their p values are adjusted together."""

    title: str
    asks: str
    claims: list[Claim]
    not_run: list[NotRun] = Field(default_factory=list)


class Sweep(_Said):
    """A picture of accuracy along a value that arms vary."""

    title: str
    about: str
    name: str
    """What the line is called."""
    arms: dict[str, str]
    """Value -> arm."""
    control: str = ""
    """An arm whose level is drawn beside all of them."""
    control_name: str = ""


class Claims(_Said):
    """What `shared/claims.yaml` says."""

    margin_points: float = Field(gt=0)
    """Differences whose whole interval is nearer to 0 are as good as none."""
    questions: list[Question]
    sweeps: list[Sweep] = Field(default_factory=list)


class Size(_Said):
    """What `quick.yaml` and its like say."""

    question: str = Field(min_length=1)
    every: list[str] = Field(default_factory=list)
    """Overrides of every run."""
    random_seeds: list[int] = Field(min_length=1)
    arms: list[str] | None = None
    """Those that run, in the order in which they are queued; all where it is left out."""


@dataclass(frozen=True, slots=True)
class Study:
    """One size of the study with what all sizes share."""

    name: str
    size: Size
    arms: dict[str, Arm]
    """Those of this size, in the order in which they run."""
    left_out: tuple[str, ...]
    """Arms that this size does not run."""
    claims: Claims
    sft_only: tuple[str, ...]

    @property
    def family(self) -> str:
        """What its runs are called in DVC and MLflow."""
        return f"study_{self.name}"

    def overrides(self, arm: str) -> list[str]:
        """What an arm changes, beside seeds."""
        one = self.arms[arm]
        return [*self.size.every, *one.overrides, *(self.sft_only if one.trains == "sft" else ())]

    def points(self) -> list[Point]:
        """Every run, as those of a family; its arms in their order, each with all seeds."""
        arms = {arm: self.overrides(arm) for arm in self.arms}
        family = Family(question=self.size.question, arms=arms, vary={"random_seed": [*self.size.random_seeds]})
        return families.points(self.family, family)


def names(root: Path) -> list[str]:
    """The sizes that there are."""
    return sorted(file.stem for file in (root / FOLDER).glob("*.yaml"))


def load(root: Path, name: str) -> Study:
    """One size of the study.

    Raises:
        ConfigError: There is none, or its files do not fit together; with every problem found.
    """
    place = FOLDER / f"{name}.yaml"
    if not (root / place).exists():
        raise ConfigError(Problem(str(place), "no such study", f"there are: {', '.join(names(root)) or 'none'}"))
    size, arms, claims = _read(root, place, Size), _read(root, ARMS, Arms), _read(root, CLAIMS, Claims)
    chosen = list(arms.arms) if size.arms is None else size.arms
    if problems := [*_unknown_arms(place, chosen, arms), *_unfit_claims(claims, arms)]:
        raise ConfigError(problems)
    return Study(
        name=name,
        size=size,
        arms={arm: arms.arms[arm] for arm in chosen},
        left_out=tuple(arm for arm in arms.arms if arm not in chosen),
        claims=claims,
        sft_only=tuple(arms.sft_only),
    )


def _unknown_arms(place: Path, chosen: list[str], arms: Arms) -> Iterator[Problem]:
    for arm in dict.fromkeys(chosen):
        if arm not in arms.arms:
            yield Problem(str(place), f"arms: {arm!r} is not in {ARMS}", f"there are: {', '.join(arms.arms)}")
        elif chosen.count(arm) > 1:
            yield Problem(str(place), f"arms: {arm!r} is there more than once")


def _unfit_claims(claims: Claims, arms: Arms) -> Iterator[Problem]:
    for claim in (claim for question in claims.questions for claim in question.claims):
        where = f"{CLAIMS}: {claim.says}"
        for arm, model in zip(claim.arms, claim.models, strict=True):
            if arm not in arms.arms:
                yield Problem(where, f"{arm!r} is not in {ARMS}")
            elif model not in ("base", "sft", "dpo"):
                yield Problem(where, f"{arm}/{model}: no such model", "arm/base, arm/sft or arm/dpo")
            elif model == "dpo" and arms.arms[arm].trains == "sft":
                yield Problem(where, f"{arm} does not train preferences in earnest", f"trains: dpo in {ARMS}")
    for sweep in claims.sweeps:
        for arm in [*sweep.arms.values(), *([sweep.control] if sweep.control else [])]:
            if arm not in arms.arms:
                yield Problem(f"{CLAIMS}: {sweep.title}", f"{arm!r} is not in {ARMS}")


_Kind = TypeVar("_Kind", bound=_Said)


def _read(root: Path, place: Path, kind: type[_Kind]) -> _Kind:
    try:
        text: Any = YAML(typ="safe").load((root / place).read_text(encoding="utf-8"))
        return kind.model_validate(text)
    except OSError as error:
        raise ConfigError(Problem(str(place), f"cannot be read: {error.strerror}")) from None
    except YAMLError as error:
        raise ConfigError(Problem(str(place), f"not YAML: {error}")) from None
    except ValidationError as error:
        raise ConfigError(
            [Problem(str(place), f"{'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}") for e in error.errors()]
        ) from None

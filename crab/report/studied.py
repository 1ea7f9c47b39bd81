"""What a study's document is made from: its runs, its arms, and what was found for each claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crab.evaluation.intervals import Interval, t_interval
from crab.report.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an arm."""

    name: str
    arm: str
    seed: int | None
    commit: str
    """The commit that it was run on."""
    metrics: Mapping[str, float]
    """By the names that they have in MLflow."""
    seconds: Mapping[str, float]
    """Stage -> what the execution took that made this run's outputs, where this machine knows it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One arm with its runs."""

    name: str
    about: str
    overrides: tuple[str, ...]
    trains: Literal["sft", "dpo"]
    runs: tuple[Run, ...]

    def values(self, metric: str) -> list[float]:
        """A metric of each run that has it."""
        return [run.metrics[metric] for run in self.runs if metric in run.metrics]

    def estimate(self, metric: str) -> Interval | None:
        """A metric's mean: over seeds, or over the prompts of the one that there is."""
        values = self.values(metric)
        if len(values) > 1:
            return t_interval(values)
        if not values:
            return None
        own = next(run.metrics for run in self.runs if metric in run.metrics)
        return Interval(values[0], own.get(f"{metric}.low"), own.get(f"{metric}.high"), 1)

    def seconds(self, stage: str) -> float | None:
        """What a stage took, on average over the runs for which it is known."""
        known = [run.seconds[stage] for run in self.runs if stage in run.seconds]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim and what was found."""

    says: str
    paper: str
    first: str
    second: str
    """Both `arm/model`."""
    on: str
    measure: str
    effect: Interval | None
    """First minus second, over seeds, or over the prompts of one; None where nothing can be compared."""
    prompts: int
    """Of all seeds together."""
    seeds: int
    p: float | None
    """Adjusted for the claims of the same question."""
    verdict: Verdict | None
    """None where nothing can be compared."""
    missing: str = ""
    """Why nothing can be compared."""


@dataclass(frozen=True, slots=True)
class NotRun:
    """A claim that nothing here can decide."""

    says: str
    paper: str
    why: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with all its claims."""

    title: str
    asks: str
    findings: tuple[Finding, ...]
    not_run: tuple[NotRun, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Arms along a value, for a picture."""

    title: str
    about: str
    name: str
    """What the line through them is called."""
    arms: Mapping[str, str]
    """Value -> arm, in the order of the values."""
    control: str = ""
    """An arm whose level is drawn beside all of them."""
    control_name: str = ""


@dataclass(frozen=True, slots=True)
class Studied:
    """All that a report says."""

    name: str
    question: str
    every: tuple[str, ...]
    seeds: tuple[int, ...]
    """Those with runs."""
    margin: float
    answers: tuple[Answered, ...]
    sweeps: tuple[Sweep, ...]
    settings: tuple[Setting, ...]
    missing: tuple[str, ...]
    """Runs that the study names and that are not here."""
    left_out: tuple[str, ...]
    """Arms that only other sizes run."""

    @property
    def findings(self) -> list[Finding]:
        return [finding for answered in self.answers for finding in answered.findings]

    @property
    def runs(self) -> list[Run]:
        return [run for setting in self.settings for run in setting.runs]

    def setting(self, name: str) -> Setting | None:
        return next((setting for setting in self.settings if setting.name == name), None)

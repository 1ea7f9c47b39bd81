"""What only the journal of this machine knows of the run: seconds and curves. Another machine's differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crab.config.section import PARAMS, read_params
from crab.report import stored
from crab.report.charts import Line, Mark
from crab.report.scores import place
from crab.report.table import STAGES
from crab.tracking import journal, rows
from crab.tracking.journal import Execution

MOST_POINTS = 400
"""Points of a curve that a page draws; of longer ones every second, third, ... and the last."""
MEASURE = ("heldout", "prompt_strict")
"""Benchmark and metric that experiments are set beside each other by."""
CURVES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "base": {"base model: loss": {"loss": "loss"}},
    "sft": {"SFT: loss of each task": {"forward_loss": "forward", "reverse_loss": "reverse"}},
    "dpo": {
        "preferences: loss": {"loss": "loss"},
        "DPO: rewards": {"rewards/chosen": "chosen", "rewards/rejected": "rejected"},
        "DPO: share of pairs ranked rightly": {"rewards/accuracies": "accuracy"},
        "GRPO: constraints met by samples": {"share_met": "share", "all_met": "all of a prompt"},
        "GRPO: divergence from the SFT model": {"kl": "KL"},
    },
}
"""Stage -> picture -> metric of a step -> name of its curve."""


@dataclass(frozen=True, slots=True)
class Took:
    """One stage's execution."""

    stage: str
    seconds: float
    host: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Curves that belong together."""

    stage: str
    title: str
    lines: tuple[Line, ...]
    thinned: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """Another experiment that was recorded here, or this one."""

    name: str
    family: str
    commit: str
    differs: tuple[str, ...]
    """Values that are not those of this page's params.yaml."""
    marks: tuple[Mark, ...]
    """One per model."""
    here: bool
    """Whether its parameters and its numbers are those of this page."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The executions that made these very results, and the experiments beside them."""

    took: tuple[Took, ...]
    pictures: tuple[Picture, ...]
    unknown: tuple[str, ...]
    """Stages that the journal does not know: another machine made them, or the journal is gone."""
    beside: tuple[Beside, ...]
    """By family and name."""

    @property
    def models(self) -> tuple[str, ...]:
        """Of all experiments."""
        return tuple(sorted({mark.name for row in self.beside for mark in row.marks}, key=place))

    @property
    def seconds(self) -> float:
        return sum(one.seconds for one in self.took)

    @property
    def longest(self) -> float:
        return max(one.seconds for one in self.took)


def pictures(root: Path) -> Iterator[Picture]:
    """The curves of the executions that made the results in a folder."""
    executions = list(journal.executions())
    for stage in CURVES:
        if made := _maker(root, stage, executions):
            yield from _pictures(stage, made)


def build(root: Path) -> Recorded:
    """Look for the execution behind each stage's results."""
    executions = list(journal.executions())
    made = {stage: found for stage in STAGES if (found := _maker(root, stage, executions))}
    return Recorded(
        took=tuple(Took(stage, one.seconds, one.host) for stage, one in made.items() if one.seconds is not None),
        pictures=tuple(picture for stage, one in made.items() for picture in _pictures(stage, one)),
        unknown=tuple(stage for stage in STAGES if stage not in made),
        beside=tuple(_beside(root)),
    )


def _beside(root: Path) -> Iterator[Beside]:
    """Every finished experiment that measured the same."""
    params = rows.parameters(read_params(root / PARAMS))
    numbers = rows.metrics("", stored.metrics(root, "metrics") or {})
    finished = [row for row in journal.rows() if row.status == "finished"]
    for row in sorted(finished, key=lambda row: (row.family, row.name, row.started)):
        if marks := tuple(sorted(_marks(row.metrics), key=lambda mark: place(mark.name))):
            keys = dict.fromkeys([*row.params, *params])
            differs = tuple(
                f"{key} = {row.params.get(key, '–')}" for key in keys if row.params.get(key) != params.get(key)
            )
            here = not differs and bool(numbers) and numbers.items() <= row.metrics.items()
            yield Beside(row.name, row.family, row.commit, differs, marks, here)


def _marks(metrics: Mapping[str, float]) -> Iterator[Mark]:
    for name, mean in metrics.items():
        benchmark, _, rest = name.partition("/")
        model, _, metric = rest.partition("/")
        if (benchmark, metric) == MEASURE:
            yield Mark(model, mean, metrics.get(f"{name}.low"), metrics.get(f"{name}.high"))


def _maker(root: Path, stage: str, executions: Sequence[Execution]) -> Execution | None:
    """The newest finished execution that recorded the very numbers which lie in the stage's results."""
    found = stored.metrics(root, "metrics" if stage == "eval" else stage)
    numbers = rows.metrics("", found) if found else {}
    if not numbers:
        return None
    own = (one for one in executions if one.stage == stage and one.status == "finished")
    return max(
        (one for one in own if numbers.items() <= one.metrics.items()), key=lambda one: one.started, default=None
    )


def _pictures(stage: str, execution: Execution) -> Iterator[Picture]:
    points = [(step, at) for step, _, at in journal.steps(execution)]
    for title, names in CURVES.get(stage, {}).items():
        every = -(-len(points) // MOST_POINTS) or 1
        thin = points[::every] + (points[-1:] if points and (len(points) - 1) % every else [])
        lines = [
            Line(name, tuple((float(step), at[metric]) for step, at in thin if metric in at))
            for metric, name in names.items()
        ]
        if there := tuple(line for line in lines if line.points):
            yield Picture(stage, title, there, every > 1)

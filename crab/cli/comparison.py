"""A family's arms against each other: prompt by prompt within each random seed, then over seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from crab.cli import families, queue
from crab.cli.families import Point
from crab.core.errors import CrabError, Problem
from crab.evaluation.comparisons import holm, sign_flips
from crab.evaluation.intervals import Bootstrap, Interval, t_interval, t_test
from crab.report.table import interval, verdict
from crab.tracking.identity import git

RESPONSES = "results/records/heldout.jsonl"
SAMPLES = 2000
CONFIDENCE = 0.95
NOTHING_IN_COMMON = "no seed and prompts in common"
TRAINED = ("sft", "dpo")
MEASURES = {"all constraints met": "prompt", "constraints met": "instruction"}


@dataclass(frozen=True, slots=True)
class Scores:
    """What one model reached in one run, prompt by prompt."""

    met: dict[str, int]
    """Prompt id -> constraints met."""
    asked: dict[str, int]
    """Prompt id -> constraints asked."""

    def of(self, measure: str, prompts: Sequence[str]) -> tuple[list[float], list[float]]:
        """Numerators and denominators, one pair a prompt: prompts with all met, or constraints met."""
        if measure == "prompt":
            return [float(self.met[p] == self.asked[p]) for p in prompts], [1.0] * len(prompts)
        return [float(self.met[p]) for p in prompts], [float(self.asked[p]) for p in prompts]


Runs = Mapping[str, Mapping[int | None, Scores]]
"""Arm -> random seed -> scores."""


def show(root: Path, name: str, model: str | None = None) -> None:
    """Print a family's comparison, of one model or of all that its runs trained.

    Raises:
        CrabError: Runs are missing, or their answers are not in this clone.
    """
    family = families.load(root, name)
    texts, missing = answers(root, families.points(name, family))
    console = Console()
    console.print(f"[bold]{family.question}[/bold]\n", soft_wrap=True)
    for one in [model] if model else trained(texts):
        runs = scores(texts, one)
        for title, measure in MEASURES.items():
            console.print(arms(f"{one}: {title}", runs, measure))
            if len(runs) > 1:
                console.print(differences(f"{one}: {title}", runs, measure))
    for point in missing:
        console.print(f"missing: {point}", soft_wrap=True)
    if missing:
        raise CrabError(Problem(name, f"{len(missing)} runs are missing above", f"python -m crab family run {name}"))


def answers(root: Path, points: Sequence[Point]) -> tuple[list[tuple[Point, str]], list[str]]:
    """`RESPONSES` of every run that is there, and the names of those that are not."""
    head = git("rev-parse", "HEAD", folder=root).strip()
    # Oldest first, and this commit's last: those win.
    known = {e.name: e for e in sorted(queue.finished(root), key=lambda e: (e.baseline == head, e.seconds))}
    there = [point for point in points if point.name in known]
    texts = [(point, _responses(root, known[point.name].revision, point.name)) for point in there]
    return texts, [point.name for point in points if point.name not in known]


def read(text: str, model: str, run: str) -> Scores:
    """Scores of one model from the lines of `results/records/heldout.jsonl`.

    Raises:
        CrabError: The file does not speak of this model.
    """
    lines = [json.loads(line) for line in text.splitlines()]
    own = [line for line in lines if line["model"] == model]
    if not own:
        there = ", ".join(sorted({line["model"] for line in lines}))
        raise CrabError(Problem(run, f"no answers of model {model!r}", f"there are: {there}"))
    return Scores(
        met={line["id"]: sum(verdict["satisfied"] for verdict in line["verdicts"]) for line in own},
        asked={line["id"]: len(line["verdicts"]) for line in own},
    )


def scores(texts: Sequence[tuple[Point, str]], model: str) -> Runs:
    """One model's scores, from every run's answers."""
    runs: dict[str, dict[int | None, Scores]] = {}
    for point, text in texts:
        runs.setdefault(point.arm, {})[point.random_seed] = read(text, model, point.name)
    return runs


def trained(texts: Sequence[tuple[Point, str]]) -> list[str]:
    """Models that every run holds answers of, in the order of training; the base model is nobody's arm."""
    names = [{json.loads(line)["model"] for line in text.splitlines()} for _, text in texts]
    return [name for name in TRAINED if names and all(name in own for own in names)]


def arms(title: str, runs: Runs, measure: str) -> Table:
    """One row an arm: its mean over seeds, or over prompts where there is one seed."""
    table = Table(title=f"{title}, in percent", title_justify="left")
    for column in ("arm", "mean", "95 % interval", "over", "prompts a seed"):
        table.add_column(column, justify="right" if column in ("mean", "prompts a seed") else "left")
    for arm, seeds in runs.items():
        found = mean(arm, seeds, measure)
        prompts = ", ".join(sorted({str(len(scores.asked)) for scores in seeds.values()}))
        table.add_row(arm, f"{100 * found.mean:.1f}", interval(found.low, found.high), over(len(seeds)), prompts)
    return table


def mean(arm: str, seeds: Mapping[int | None, Scores], measure: str) -> Interval:
    """An arm's mean over seeds, or over prompts where there is one seed."""
    by_seed = [scores.of(measure, sorted(scores.asked)) for scores in seeds.values()]
    means = [sum(numerators) / sum(denominators) for numerators, denominators in by_seed]
    return t_interval(means, CONFIDENCE) if len(means) > 1 else _bootstrap().ratio(f"{arm}/{measure}", *by_seed[0])


def differences(title: str, runs: Runs, measure: str) -> Table:
    """One row an arm but the first: how far it is from the first on the same prompts of the same seeds.

    Intervals speak of one difference each; the last number is what is left of it after looking at all of them (Holm).
    """
    table = Table(title=f"{title}: difference to {next(iter(runs))}, in points", title_justify="left")
    for column in ("arm", "difference", "over seeds", "over prompts", "p (Holm)", "says"):
        table.add_column(column, justify="right" if column in ("difference", "p (Holm)") else "left")
    for arm, found in to_first(runs, measure).items():
        if found is None:
            table.add_row(arm, "-", "-", "-", "-", NOTHING_IN_COMMON)
            continue
        one, p, says = found
        table.add_row(
            arm,
            f"{100 * one.decides.mean:+.1f}",
            f"{interval(one.seeds.low, one.seeds.high, sign=True)} n = {one.seeds.n}" if one.seeds else "one seed",
            f"{interval(one.prompts.low, one.prompts.high, sign=True)} n = {one.prompts.n}",
            f"{p:.3f}",
            says,
        )
    return table


def to_first(runs: Runs, measure: str) -> dict[str, tuple[Paired, float, str] | None]:
    """Every arm but the first: its difference to the first, p after Holm, and what may be said of it.

    None where the two have no seed and prompts in common.
    """
    first, *others = runs
    found = {arm: paired(arm, runs[arm], runs[first], measure) for arm in others}
    adjusted = iter(holm([one.p for one in found.values() if one]))
    judged: dict[str, tuple[Paired, float, str] | None] = {}
    for arm, one in found.items():
        if one is None:
            judged[arm] = None
            continue
        p = next(adjusted)
        says = verdict(one.decides.low, one.decides.high)
        if says in ("higher", "lower") and p > 1 - CONFIDENCE:
            says = f"undecided: {says} by itself, but one of {len(found)} differences"
        judged[arm] = one, p, says + ("" if one.seeds else ", for this seed")
    return judged


@dataclass(frozen=True, slots=True)
class Paired:
    """One arm minus another on the same prompts of the same seeds."""

    seeds: Interval | None
    """Holds for other seeds; None where there is one."""
    prompts: Interval
    """Holds for other prompts of these very runs."""
    p: float
    """By chance alone, two-sided: Student's test over seeds, or flipped signs over the prompts of one seed."""

    @property
    def decides(self) -> Interval:
        """The interval that a claim rests on: over seeds, where there are several."""
        return self.seeds or self.prompts


def paired(
    name: str, arm: Mapping[int | None, Scores], other: Mapping[int | None, Scores], measure: str
) -> Paired | None:
    """Paired difference of two arms, over seeds and over the prompts of all seeds together; None without any in common.

    Only prompts that both have count.
    """
    of_seeds: list[float] = []
    own: list[float] = []
    others: list[float] = []
    weights: list[float] = []
    for seed in arm:
        shared = sorted(arm[seed].asked.keys() & other[seed].asked.keys()) if seed in other else []
        if not shared:
            continue
        (mine, asked), (theirs, _) = arm[seed].of(measure, shared), other[seed].of(measure, shared)
        of_seeds.append((sum(mine) - sum(theirs)) / sum(asked))
        own, others, weights = own + mine, others + theirs, weights + asked
    if not of_seeds:
        return None
    prompts = _bootstrap().difference(f"{name}/{measure}", own, others, weights)
    if len(of_seeds) == 1:
        apart = [a - b for a, b in zip(own, others, strict=True)]
        return Paired(None, prompts, sign_flips(f"{name}/{measure}", apart, _bootstrap()))
    return Paired(t_interval(of_seeds, CONFIDENCE), prompts, t_test(of_seeds))


def _responses(root: Path, revision: str, name: str) -> str:
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException

    try:
        text: str = DVCFileSystem(str(root), rev=revision).read_text(RESPONSES, encoding="utf-8")
    except (DvcException, OSError) as error:
        raise CrabError(
            Problem(f"{name}: {RESPONSES}", str(error), "`dvc exp pull` fetches what this clone lacks")
        ) from None
    return text


def _bootstrap() -> Bootstrap:
    return Bootstrap(random_seed=0, samples=SAMPLES, confidence=CONFIDENCE)


def over(seeds: int) -> str:
    """What an interval is over."""
    return f"{seeds} seeds" if seeds > 1 else "prompts"

"""Write the HTML report, with families' comparisons, and hand it to the run in MLflow where that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from crab.cli import comparison, compose, families, queue
from crab.core import io
from crab.core.errors import CrabError
from crab.report import page
from crab.report.ablations import Ablation, Arm
from crab.report.charts import Mark


def write(root: Path, out: Path | None, families_: Sequence[str], with_journal: bool, log: bool) -> None:
    """Write the page; `log` attaches it too, and a store that is down, or does not know the run, costs a warning.

    Raises:
        CrabError: params.yaml, a file of the results or a family's run cannot be read.
    """
    ablations = [one for name in families_ for one in _ablations(root, name)] if families_ else list(_at_hand(root))
    report = page.build(root, defaults(root), with_journal, ablations)
    out = out or page.OUTPUT
    with io.replacing(out) as file:
        file.write(page.render(report))
    print(f"report    {out}")
    if log:
        from crab.tracking import process, record

        process.prepare()
        if problem := record.attach(out, "report"):
            print(f"crab: the report is not in MLflow: {problem}", file=sys.stderr)
        else:
            print("MLflow    attached to the experiment's run, under report/")


def _at_hand(root: Path) -> Iterator[Ablation]:
    """Comparisons of every family of which two arms have run, where their answers are in this clone."""
    ran = {one.name for one in queue.finished(root)}
    for name in families.names(root):
        points = families.points(name, families.load(root, name))
        if len({point.arm for point in points if point.name in ran}) > 1:
            try:
                yield from list(_ablations(root, name))
            except CrabError as error:
                print(f"crab: the report leaves out family {name}: {error}", file=sys.stderr)


def _ablations(root: Path, name: str) -> Iterator[Ablation]:
    family = families.load(root, name)
    points = families.points(name, family)
    texts, missing = comparison.answers(root, points)
    for model in comparison.trained(texts):
        runs = comparison.scores(texts, model)
        for title, measure in comparison.MEASURES.items():
            arms = tuple(compare(runs, measure))
            yield Ablation(name, family.question, model, title, arms, tuple(missing))


def compare(runs: comparison.Runs, measure: str) -> Iterator[Arm]:
    """Each arm with its mean and its paired difference to the first one."""
    differences = comparison.to_first(runs, measure) if runs else {}
    for name, seeds in runs.items():
        mean = comparison.mean(name, seeds, measure)
        mark, over = Mark(name, mean.mean, mean.low, mean.high), comparison.over(len(seeds))
        if name not in differences:
            yield Arm(mark, over, None, "the first arm: others are compared with it")
        elif found := differences[name]:
            difference, p, says = found
            one = difference.decides
            yield Arm(
                mark, over, Mark(f"{name} − {next(iter(runs))}", one.mean, one.low, one.high), f"{says} (p {p:.3f})"
            )
        else:
            yield Arm(mark, over, None, comparison.NOTHING_IN_COMMON)


def defaults(root: Path) -> dict[str, Any] | None:
    """What conf/ composes to; where it cannot, the page says so, and the report is made all the same."""
    try:
        defaults: dict[str, Any] = YAML(typ="safe").load(compose.composed(root, whole=False))
    except CrabError as error:
        print(f"crab: what differs from conf/ is not told: {error}", file=sys.stderr)
        return None
    return defaults

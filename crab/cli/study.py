"""`python -m crab study ...`: run the study, and write what it found."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from crab.core import io, paths
from crab.core.errors import CrabError, Problem

app = typer.Typer(
    no_args_is_help=True, help="Run the study of the paper's claims, and report on it (`conf/study/*.yaml`)."
)

SizeName = Annotated[str, typer.Argument(help="quick (45 minutes, one seed), full (overnight, five seeds) or trial.")]
DOCUMENT = Path("docs/study.md")


@app.command()
def run(
    size: SizeName = "quick",
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Runs at a time.")] = 2,
    again: Annotated[bool, typer.Option("--again", help="Also what has run with these values and this code.")] = False,
) -> None:
    """Queue the runs of a study that are missing, run them, and wait. Ctrl-C leaves the workers at their work.

    Example: `python -m crab study run quick -j 2`
    """
    from crab.cli import family_runs, queue, studies

    root = _go_to_root()
    study = studies.load(root, size)
    points = study.points()
    queue.check_ready(root)
    print(f"{study.size.question}\n{len(points)} runs:")
    family_runs.queue_points(root, points, again)
    family_runs.run_points(root, points, workers)
    print(f"all {len(points)} runs are there; next: python -m crab study report {size}")


@app.command()
def report(
    size: SizeName = "quick",
    out: Annotated[
        Path | None, typer.Option(help=f"The document; otherwise {DOCUMENT}. Figures lie in a folder beside it.")
    ] = None,
) -> None:
    """Write every claim with its verdict, effect, interval, n and cost, from the runs that are there.

    Example: `python -m crab study report quick`
    """
    from crab.cli import studies, study_findings, study_records
    from crab.report import study as document
    from crab.report import study_figures

    chosen = None if out is None else Path.cwd() / out
    root = _go_to_root()
    place = chosen or DOCUMENT
    study = studies.load(root, size)
    found = study_records.collect(root, study.points())
    if not found.runs:
        raise CrabError(Problem(f"study {size}", "none of its runs is there", f"python -m crab study run {size}"))
    for name in found.missing:
        print(f"crab: {name} has not run", file=sys.stderr)
    for name in found.outdated:
        print(f"crab: {name} was made with other values or other code than those of now", file=sys.stderr)
    studied = study_findings.studied(study, found, study_records.Answers(root, found).of)
    pictures = {}
    for title, (name, picture) in study_figures.draw(studied).items():
        with io.replacing(place.with_suffix("") / name) as file:
            file.write(picture)
        pictures[title] = f"{place.stem}/{name}"
    with io.replacing(place) as file:
        file.write(document.markdown(studied, pictures))
    print(f"report    {place}")


@app.command("list")
def list_() -> None:
    """Show the sizes that there are, and what they ask.

    Example: `python -m crab study list`
    """
    from crab.cli import studies

    root = _go_to_root()
    for name in studies.names(root):
        study = studies.load(root, name)
        print(f"{name} ({len(study.points())} runs of {len(study.arms)} arms)\n  {study.size.question}")


def _go_to_root() -> Path:
    root = paths.main_checkout()
    os.chdir(root)
    return root

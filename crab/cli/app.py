"""The commands. Each loads what it needs itself, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from crab.cli import cache, completion, evaluate, study
from crab.cli.constraints import app as constraints_app
from crab.core import paths
from crab.core.errors import CrabError

app = typer.Typer(
    name="crab",
    help="Small commands around the pipeline, which is DVC's: `dvc repro`, `dvc exp run -S sft.aux_weight=0.5`.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
family_app = typer.Typer(no_args_is_help=True, help="Queue, run and compare a family of runs (`conf/family/*.yaml`).")
track_app = typer.Typer(no_args_is_help=True, help="MLflow's rows: a view that can be made again.")
LOOK, RUNS, DATA, ROOM = "Set up and look", "Several runs", "Data, models, evaluation", "Records and room"
"""Panels of the help."""
app.add_typer(family_app, name="family", rich_help_panel=RUNS)
teacher_app = typer.Typer(no_args_is_help=True, help="What a teacher would cost, and which model teacher=self is.")
app.add_typer(track_app, name="track", rich_help_panel=ROOM)
app.add_typer(teacher_app, name="teacher", rich_help_panel=DATA)
app.add_typer(constraints_app, name="constraints", rich_help_panel=DATA)
app.add_typer(cache.app, name="cache", rich_help_panel=ROOM)
app.add_typer(evaluate.app, name="eval", rich_help_panel=DATA)
app.add_typer(study.app, name="study", rich_help_panel=RUNS)

FamilyName = Annotated[
    str,
    typer.Argument(
        help="Name of a file in conf/family/, without .yaml", show_default=False, autocompletion=completion.families
    ),
]
Again = Annotated[bool, typer.Option("--again", help="Run points again that have run with these values and this code.")]


def main() -> NoReturn:
    """Run a command; a mistake ends in one message and status 1."""
    try:
        app()
    except CrabError as error:
        for problem in error.problems:
            print(f"crab: {problem}", file=sys.stderr)
    raise SystemExit(1)


@app.command(rich_help_panel=LOOK)
def doctor(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="e.g. model=mistral7b; none: params.yaml", autocompletion=completion.overrides),
    ] = None,
) -> None:
    """Say what this machine has, what the configuration needs, and the command that mends what is missing.

    Exit status: 1 only where the configuration cannot run on this machine. Runs also where nothing is installed.

    Example: `python -m crab doctor model=smollm2_360m teacher=endpoint`
    """
    from crab.cli.doctor import examine

    raise typer.Exit(examine.run(_go_to_root(), overrides or []))


@app.command(rich_help_panel=LOOK)
def compose(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="e.g. model=tiny_mistral sft.aux_weight=0.5", autocompletion=completion.overrides),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where params.yaml is not in step.")
    ] = False,
) -> None:
    """Write params.yaml from conf/, as `dvc exp run` does (`dvc repro` never does), and check every value.

    Overrides are for a look: the next `dvc exp run` composes anew. A choice that is to stay belongs into conf/.

    Example: `python -m crab compose --check`
    """
    from crab.cli import compose as composing

    root = _go_to_root()
    if check:
        if overrides:
            raise typer.BadParameter("--check takes no overrides: it compares what is committed with conf/")
        composing.check(root)
        print("params.yaml is in step with conf/")
    else:
        print("params.yaml written" if composing.write(root, overrides or []) else "params.yaml was in step already")


@app.command(rich_help_panel=LOOK)
def plan(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(help="e.g. experiment=paper_mistral7b launch=fsdp", autocompletion=completion.overrides),
    ] = None,
    gpu: Annotated[str, typer.Option(help="A model of GPU; an unknown one lists those that are known.")] = "A100-80GB",
    gpus: Annotated[int | None, typer.Option(min=1, help="How many; otherwise as launch says.")] = None,
    tokens: Annotated[int, typer.Option(min=1, help="Mean tokens of a training row.")] = 1204,
    utilisation: Annotated[float, typer.Option(min=0.01, max=1, help="Share of the GPU's peak that is reached.")] = 0.4,
) -> None:
    """Say what training would take: rows, tokens, steps, memory and hours; nothing is loaded.

    Rows of the published run have 1,204 tokens on average (arithmetic on its released logs).

    Example: `python -m crab plan experiment=paper_mistral7b launch=fsdp --gpu H100 --gpus 8`
    """
    from crab.cli import plan as planning

    planning.show(_go_to_root(), overrides or [], gpu, gpus, tokens, utilisation)


@app.command(rich_help_panel=LOOK)
def results() -> None:
    """Show what the last run found: every model with its interval, and where the numbers lie.

    Example: `python -m crab results`
    """
    from crab.report import table

    _go_to_root()
    table.show()


@app.command(rich_help_panel=LOOK)
def inspect(
    id_: Annotated[
        str,
        typer.Argument(metavar="ID", help="A record's id, or the beginning of one.", autocompletion=completion.records),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with everything.")] = False,
) -> None:
    """Follow one record through all stages: constraints with their proofs, what was left out and why, rows, answers.

    Example: `python -m crab inspect rockets-06-000 --json`
    """
    from crab.cli import inspect as inspecting

    inspecting.show(_go_to_root(), id_, as_json)


@app.command(rich_help_panel=LOOK)
def report(
    out: Annotated[Path | None, typer.Option(help="The page's file; otherwise results/report.html.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="A family to compare; otherwise all that ran.")] = None,
    journal: Annotated[
        bool, typer.Option(help="With seconds and curves; without, equal results give equal bytes.")
    ] = True,
    log: Annotated[bool, typer.Option("--log", help="Attach the page to the experiment's run in MLflow.")] = False,
) -> None:
    """Write the last run as one HTML page: results, the way of the data, constraints with proofs, costs, commands.

    Example: `python -m crab report --family crab_vs_plain --log`
    """
    from crab.cli import report as reporting

    chosen = None if out is None else Path.cwd() / out
    reporting.write(_go_to_root(), chosen, family or [], journal, log)


@app.command(rich_help_panel=DATA)
def release(
    out: Annotated[Path | None, typer.Option(help="The folder; otherwise release/.")] = None,
    push: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Also push it to the hub, private, with HF_TOKEN.")
    ] = None,
    include_restricted: Annotated[
        bool,
        typer.Option("--include-restricted", help="Take sources, too, whose licence forbids it or is not known."),
    ] = False,
) -> None:
    """Write the run as Hugging Face folders: a data set and its models, each with a card; pushing is opt-in.

    Sources whose licence forbids passing on or commercial use, or is not stated (`seed.licences`), are left out.

    Example: `python -m crab release --out ../published --push OWNER/NAME`
    """
    from crab.cli import release as releasing

    chosen = None if out is None else Path.cwd() / out
    root = _go_to_root()
    releasing.write(root, chosen or root / "release", push, include_restricted)


@app.command(rich_help_panel=ROOM)
def gc(
    yes: Annotated[bool, typer.Option("--yes", help="Delete what is shown.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show it; what happens without --yes, too.")] = False,
    answers_older: Annotated[
        float | None, typer.Option(min=0, metavar="DAYS", help="Also answers in the response cache of that age.")
    ] = None,
    experiments_older: Annotated[
        float | None, typer.Option(min=0, metavar="DAYS", help="Also experiments (dvc exp show) of that age.")
    ] = None,
) -> None:
    """Show what takes room, how much, and what each costs if it is missed; with --yes, away with it.

    Unfinished work that no process holds, cached data of no experiment, deleted runs of MLflow. The journal stays.

    Example: `python -m crab gc --experiments-older 30`
    """
    from crab.cli import gc as collecting

    if yes and dry_run:
        raise typer.BadParameter("--yes deletes and --dry-run does not: give one of them")
    collecting.run(_go_to_root(), yes, answers_older, experiments_older)


@track_app.command("sync")
def track_sync() -> None:
    """Write to MLflow what it lacks, from the journal and from the experiments that DVC keeps in git.

    Use it after the tracking server was down, with a new store, or in a second clone.

    Example: `python -m crab track sync`
    """
    from crab.report import figures
    from crab.tracking import process, record

    process.prepare()
    _go_to_root()
    done = record.sync(figures.draw)
    print(f"MLflow: {done.experiments} experiments and {done.stages} stages written")
    for name in done.incomplete:
        print(f"{name}: its results are not in this clone; `dvc exp pull` or `dvc pull` fetches them", file=sys.stderr)


@family_app.command("list")
def family_list() -> None:
    """Show the families that there are, and what they ask.

    Example: `python -m crab family list`
    """
    from crab.cli import families

    root = _go_to_root()
    for name in families.names(root):
        family = families.load(root, name)
        print(f"{name} ({len(families.points(name, family))} runs)\n  {family.question}")


@family_app.command("queue")
def family_queue(name: FamilyName, again: Again = False) -> None:
    """Queue the points of a family that have not run with these values and this code.

    Example: `python -m crab family queue crab_vs_plain`
    """
    from crab.cli import family_runs

    added = family_runs.queue_family(_go_to_root(), name, again)
    print(f"start them: dvc queue start -j 2    (or: python -m crab family run {name})" if added else "nothing to run")


@family_app.command("run")
def family_run(
    name: FamilyName,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Runs at a time.")] = 1,
    again: Again = False,
) -> None:
    """Queue a family, run it, show how it goes, and compare its arms. Ctrl-C leaves the workers at their work.

    Example: `python -m crab family run crab_vs_plain -j 2`
    """
    from crab.cli import comparison, family_runs

    root = _go_to_root()
    family_runs.queue_family(root, name, again)
    family_runs.run_family(root, name, workers)
    comparison.show(root, name)


@family_app.command("compare")
def family_compare(
    name: FamilyName,
    model: Annotated[str | None, typer.Option(help="One model of each run, e.g. dpo; otherwise sft and dpo.")] = None,
) -> None:
    """Compare the arms of a family, prompt by prompt within each seed, and say which differences are real.

    Example: `python -m crab family compare crab_vs_plain --model dpo`
    """
    from crab.cli import comparison

    comparison.show(_go_to_root(), name, model)


@teacher_app.command("estimate")
def teacher_estimate(
    overrides: Annotated[list[str] | None, typer.Argument(help="e.g. teacher=endpoint judge=endpoint")] = None,
) -> None:
    """Count what teacher and judge would be asked about the present seeds, and what it would cost; nothing is sent.

    Example: `python -m crab teacher estimate teacher=endpoint teacher.llm.model.name=NAME`
    """
    from crab.cli import teacher

    teacher.show_estimate(_go_to_root(), overrides or [])


@teacher_app.command("freeze")
def teacher_freeze(
    folder: Annotated[Path, typer.Argument(help="A model's folder.")] = Path("models/sft"),
) -> None:
    """Make a model the teacher of teacher=self; otherwise it is the newest SFT model that another teacher taught.

    Example: `python -m crab teacher freeze models/sft`
    """
    from crab.cli import teacher

    _go_to_root()
    teacher.freeze(folder)


def _go_to_root() -> Path:
    root = paths.main_checkout()
    os.chdir(root)
    return root

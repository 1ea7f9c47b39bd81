"""`crab constraints`: the library on the command line, for files and pipes."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from crab.core.errors import CrabError, Problem

if TYPE_CHECKING:
    from crab.cli.constraint_lines import Record
    from crab.core.records import Constraint

FALSE, TROUBLE = 1, 2
"""Exit status: some constraint is not satisfied; some line, or the command itself, could not be used."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""State what holds of responses, check them, list the types. Input: a file, or `-` for standard input.

    `python -m crab constraints derive pairs.jsonl | python -m crab constraints check -`""",
)


class _Form(StrEnum):  # typer shows the names as choices
    auto = "auto"
    jsonl = "jsonl"
    text = "text"


Source = Annotated[str, typer.Argument(metavar="FILE|-", help="A file, or - for standard input.", show_default=False)]
AsForm = Annotated[
    _Form,
    typer.Option(
        "--format",
        help="jsonl: one record a line; text: all of it is one response; auto: jsonl if the name or content says so.",
    ),
]


@app.command()
def types(
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list, with everything that is known.")] = False,
) -> None:
    """List the constraint types: name, paper's category, an example. Judged ones have no checker.

    Example: `python -m crab constraints types --json`
    """
    from crab import constraints

    listed = constraints.types()
    if as_json:
        print(json.dumps([dataclasses.asdict(info) for info in listed], indent=2, ensure_ascii=False))
        return
    width = max(len(info.name) for info in listed)
    category = max(len(info.paper_category) for info in listed)
    for info in listed:
        how = "" if info.checkable else "(judged) "
        print(f"{info.name:{width}}  {info.paper_category:{category}}  {how}{info.example}")
    checkable = sum(info.checkable for info in listed)
    print(f"{checkable} types that a program checks, {len(listed) - checkable} that need a judge")


@app.command()
def derive(
    source: Source,
    form: AsForm = _Form.auto,
    instruction: Annotated[str, typer.Option(help="What a response in text form answers.")] = "",
    random_seed: Annotated[int, typer.Option(help="Decides thresholds, words and phrasings.")] = 0,
    max_phrasings: Annotated[int | None, typer.Option(min=1, help="First so many sentences of each type.")] = None,
) -> None:
    """State what holds of each response, proved; one JSON object a line goes to standard output.

    JSONL records hold `response` (or `output`, `completion`, `answer`, or chat `messages`) and may hold `instruction`
    (or `prompt`, `question`), `input` and `id`. What comes out can go into `check`.

    Example: `python -m crab constraints derive pairs.jsonl`

    Exit status: 0; 2 if a line could not be used (each is named, the others go on).
    """
    from crab import constraints

    troubled = False
    for found in _records(source, form):
        if isinstance(found, Problem):
            troubled = _tell(found)
            continue
        asked = found.instruction or instruction
        derived = constraints.derive(found.response, asked, random_seed=random_seed, max_phrasings=max_phrasings)
        told = [_said(constraint) | {"witness": constraint.witness} for constraint in derived]
        _put(found, {"instruction": asked, "response": found.response, "constraints": told})
    raise typer.Exit(TROUBLE if troubled else 0)


@app.command()
def check(
    source: Source,
    constraint: Annotated[
        list[str] | None,
        typer.Option(
            "--constraint", "-c", help='A sentence, or {"type": ..., "params": ...}; for every response; repeatable.'
        ),
    ] = None,
    form: AsForm = _Form.auto,
    readings: Annotated[bool, typer.Option(help="Tell the verdict under each reading of the unit, too.")] = False,
) -> None:
    """Check constraints on each response; verdicts with reasons go to standard output, one JSON object a line.

    JSONL records hold a response and `constraint` or `constraints`: sentences, or objects with `type` and `params`.

    Example: `python -m crab constraints check answer.txt -c "Keep it under 200 words." -c "No commas, please."`

    Exit status: 0 if all are satisfied, 1 if not, 2 if a line could not be used (each is named, the others go on).
    """
    from crab import constraints

    everywhere = _stated(constraint or [])
    status = 0
    for found in _records(source, form):
        if isinstance(found, Problem):
            _tell(found)
            status = TROUBLE
            continue
        asked = [*everywhere, *found.constraints]
        if not asked:
            _tell(Problem(f"line {found.line}" if found.line else source, "no constraint to check", "name one with -c"))
            status = TROUBLE
            continue
        verdicts = [
            _said(one)
            | {"satisfied": verdict.satisfied, "reason": verdict.reason}
            | ({"readings": constraints.check_readings(one, found.response)} if readings else {})
            for one, verdict in zip(asked, constraints.check_all(asked, found.response), strict=True)
        ]
        satisfied = all(verdict["satisfied"] for verdict in verdicts)
        status = status or (0 if satisfied else FALSE)
        _put(found, {"satisfied": satisfied, "verdicts": verdicts})
    raise typer.Exit(status)


@app.command()
def docs(
    page: Annotated[Path, typer.Argument(help="Where the page goes.")] = Path("docs/constraints.md"),
    cases: Annotated[Path, typer.Option(help="Folder of the case files that examples are taken from.")] = Path(
        "tests/cases"
    ),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where the page is out of date.")] = False,
) -> None:
    """Write the page of all types, from the registry and the case files; what stands before its mark is kept.

    Example: `python -m crab constraints docs --check`
    """
    from crab.report import taxonomy

    try:
        written = taxonomy.write(page, cases, only_look=check)
    except CrabError as error:
        _stop(error)
    if check and written:
        _tell(Problem(str(page), "is out of date", "run `python -m crab constraints docs`"))
        raise typer.Exit(1)
    print(f"{page} {'written' if written else 'is up to date'}")


def _records(source: str, form: _Form) -> Iterator[Record | Problem]:
    from crab.cli.constraint_lines import records

    try:
        yield from records(source, form.value)
    except CrabError as error:
        _stop(error)


def _stated(given: list[str]) -> list[Constraint]:
    from crab.cli.constraint_lines import stated

    try:
        return [stated(value) for value in given]
    except CrabError as error:
        _stop(error)


def _said(constraint: Constraint) -> dict[str, Any]:
    return {"type": constraint.type, "params": constraint.params, "text": constraint.text}


def _put(record: Record, values: dict[str, Any]) -> None:
    head: dict[str, Any] = {"line": record.line} if record.line else {}
    if record.id is not None:
        head["id"] = record.id
    sys.stdout.buffer.write(json.dumps(head | values, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _tell(problem: Problem) -> bool:
    sys.stdout.flush()
    print(f"crab: {problem}", file=sys.stderr)
    return True


def _stop(error: CrabError) -> NoReturn:
    for problem in error.problems:
        _tell(problem)
    raise typer.Exit(TROUBLE)

"""What a line of shell in a page or a comment asks for, told apart without running it."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from itertools import dropwhile
from pathlib import Path
from typing import Any

import typer

from crab.cli import compose, families
from crab.cli.app import app
from crab.core.errors import CrabError

ROOT = Path(__file__).parents[2]

NOT_HERE = {
    "export": "sets a variable of the reader's shell",
    "source": "changes the reader's shell; `make run` made what it names",
    "sbatch": "no Slurm on a test machine",
    "git": "tests/pipeline/test_teams.py uses git for real; the rest is git's own",
    "ray": "starts a cluster; tests/engines/test_ray.py starts one on this machine",
    "gh": "a service",
    "pip": "installs; `make` does it in every fresh checkout",
}
"""Program -> why a test cannot run it. Everything else is parsed by the program that it names, and composed."""

READERS_OWN = re.compile(r"\.\./\S+: no such folder")
"""What composing says where a command names a model that only its reader has."""


def split(text: str) -> Iterator[list[str]]:
    """The simple commands of a block: continued lines joined, no comments, cut at pipes, `&&`, `;` and redirections."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        skip = False
        for word in lexer:
            if set(word) <= set("<>"):
                skip = True  # its file is no argument
            elif set(word) <= set("();|&"):
                yield from [words] if words else []
                words = []
            elif skip:
                skip = False
            elif word != "...":
                words.append(word)
        if words:
            yield words


def problem(words: list[str], composing: bool = True) -> str | None:
    """What is wrong with a command, or None; where `composing`, its overrides are composed and validated too."""
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if not words:
        return None
    if words[0] == "srun":  # starts what follows its options
        words = list(dropwhile(lambda word: word == "srun" or word.startswith("-"), words))
    if words[:2] in (["python", "-m"], [".venv/bin/python", "-m"]):
        words = words[2:]
    program, arguments = words[0], words[1:]
    if program in NOT_HERE:
        return None
    if re.match(r"(benchmarks|stages|tests)\.", program):
        return None if (ROOT / Path(*program.split("."))).with_suffix(".py").exists() else f"no module {program}"
    check = PROGRAMS.get(program)
    if check is None:
        return f"no test knows the program {program!r}"
    return check(arguments, composing)


def _make(arguments: list[str], _: bool) -> str | None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for argument in arguments:
        name, equals, _value = argument.partition("=")
        known = re.search(rf"^{re.escape(name)} \?=" if equals else rf"^{re.escape(name)}:", text, re.MULTILINE)
        if not known:
            return f"the Makefile has no {'variable' if equals else 'target'} {name}"
    return None


def _crab(arguments: list[str], composing: bool) -> str | None:
    found = _parsed(typer.main.get_command(app), "crab", arguments)
    if found is None or isinstance(found, str):
        return found
    path, params = found
    if path[:1] == ["family"] and (name := params.get("name")) and composing and name not in families.names(ROOT):
        return f"no family is called {name}"
    overrides = [*(params.get("overrides") or []), *(params.get("settings") or [])]
    if path[:1] == ["eval"]:
        overrides = ["eval=all", *overrides]
    return composed(tuple(overrides), whole=path == ["compose"]) if composing and overrides else None


def _dvc(arguments: list[str], composing: bool) -> str | None:
    from dvc.cli import DvcParserError
    from dvc.utils.hydra import get_hydra_sweeps

    logging.disable(logging.ERROR)  # its log goes where standard error was when something first loaded it
    try:
        with redirect_stdout(StringIO()):  # its help
            parsed = _dvc_parser().parse_args(arguments)
    except SystemExit:  # --help
        return None
    except DvcParserError:
        return f"dvc refuses {' '.join(arguments)}"
    finally:
        logging.disable(logging.NOTSET)
    if not getattr(parsed, "set_param", None) or not composing:
        return None
    points = get_hydra_sweeps({"params.yaml": parsed.set_param}) if parsed.queue else [{"": parsed.set_param}]
    problems = [composed(tuple(overrides)) for point in points for overrides in point.values()]
    return next((one for one in problems if one), None)


def _mlflow(arguments: list[str], _: bool) -> str | None:
    from mlflow.cli import cli

    found = _parsed(cli, "mlflow", arguments)
    return found if isinstance(found, str) else None


def _pytest(arguments: list[str], _: bool) -> str | None:
    missing = [path for path in arguments if path.startswith("tests") and not (ROOT / path.partition("::")[0]).exists()]
    return f"no such file: {missing[0]}" if missing else None


def _reads(arguments: list[str], _: bool) -> str | None:
    """grep, ls, head: the project's own folders must be there; results may not have been made yet."""
    folders = [path for path in arguments if re.match(r"(crab|conf|tests|stages|docs)/", path)]
    missing = [path for path in folders if "*" not in path and not (ROOT / path).exists()]
    return f"no such file: {missing[0]}" if missing else None


PROGRAMS: dict[str, Callable[[list[str], bool], str | None]] = {
    "make": _make,
    "crab": _crab,
    "dvc": _dvc,
    "mlflow": _mlflow,
    "pytest": _pytest,
    **dict.fromkeys(("grep", "ls", "head", "cat", "cd", "cp", "mkdir", "rm"), _reads),
    ".venv/bin/pre-commit": lambda *_: None if (ROOT / ".pre-commit-config.yaml").exists() else "no configuration",
}
"""Program -> what tells whether it would take these arguments."""


@cache
def composed(overrides: tuple[str, ...], whole: bool = True) -> str | None:
    """What is wrong with overrides, or None; not `whole`: as commands see them that look at some sections only."""
    if "teacher=self" in overrides:  # composing it would freeze the present model
        overrides = (*overrides, "teacher.llm.model.digest=none")
    try:
        compose.composed(ROOT, overrides, whole)
    except CrabError as error:
        return None if READERS_OWN.search(str(error)) else str(error)
    return None


@cache
def _dvc_parser() -> Any:
    from dvc.cli.parser import get_main_parser

    return get_main_parser()


def _parsed(command: Any, name: str, arguments: list[str]) -> str | tuple[list[str], dict[str, Any]] | None:
    """Names of the subcommands and values of the last one's parameters; or why a Click program refuses them."""
    path: list[str] = []
    try:
        context = None
        while True:
            context = command.make_context(name, arguments, parent=context)
            if not hasattr(command, "commands"):
                return path, context.params
            arguments = [*context._protected_args, *context.args]
            name, command, arguments = command.resolve_command(context, arguments)
            path.append(name)
    except Exception as error:  # typer brings its own copy of click, and mlflow uses click's: no common class
        if not hasattr(error, "format_message"):
            raise
        return str(error.format_message()) or None  # a group of commands by itself shows its help

"""What a check found: fine, worth knowing, or in the way; with the command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from crab.core.errors import CrabError

Level = Literal["ok", "warning", "problem"]
INSTALL = "make run (or, for the packages alone: .venv/bin/python -m pip install -c versions.txt -e .)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's page."""

    level: Level
    """`problem`: the present configuration cannot run; `warning`: it can, and something will be missed."""
    about: str
    found: str
    mend: str = ""
    """A command, or what to do."""


def look(about: str, check: Callable[[], Iterable[Finding]], level: Level = "problem") -> list[Finding]:
    """Run a check.

    Args:
        about: What a check that could not run was about.
        check: May raise `CrabError`, whose problems become findings, and `ImportError`, which becomes one.
        level: Of a `CrabError`'s problems.
    """
    found: list[Finding] = []
    try:
        # One by one: what was found before the check had to stop is told too.
        for finding in check():
            found.append(finding)
    except CrabError as error:
        found += [Finding(level, problem.where, problem.found, problem.fix) for problem in error.problems]
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "crab":
            raise
        missing = f"the package {error.name} is missing" if isinstance(error, ModuleNotFoundError) else str(error)
        found.append(Finding("warning", about, f"not looked at: {missing}", INSTALL))
    return found

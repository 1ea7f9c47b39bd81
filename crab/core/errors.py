"""Errors a user meets: where, what was found, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, said so that its reader can mend it."""

    where: str
    """File, section, key or line."""
    found: str
    """What stands there."""
    fix: str = ""
    """What is allowed, or what to do."""

    def __str__(self) -> str:
        return f"{self.where}: {self.found}" + (f"; {self.fix}" if self.fix else "")


class CrabError(Exception):
    """A mistake that the user can mend; shown without a traceback.

    Carries every problem found, so that one run shows them all.
    """

    def __init__(self, problems: Problem | str | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem("crab", problems)
        if isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[CrabError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)  # an error that comes from a worker process stays what it is


class ConfigError(CrabError):
    """Values in `params.yaml` or `conf/` that cannot work."""


class DataError(CrabError):
    """An input file that cannot be used as it is."""


class ResourceError(CrabError):
    """The machine lacks what the configuration needs: memory, a device, a package, access."""


class ParameterError(CrabError, ValueError):
    """A constraint type was given parameters that are missing, unknown or of the wrong kind."""

"""The report: one page that needs nothing else, from what the stages left in a checkout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crab.report import answers, browser, charts, funnel, journey, ledger, origin, plain, recorded, scores, stored
from crab.report.ablations import Ablation
from crab.report.answers import Answers
from crab.report.browser import Browser
from crab.report.funnel import Funnel
from crab.report.journey import Journey
from crab.report.ledger import Ledger
from crab.report.origin import Origin
from crab.report.recorded import Recorded
from crab.report.scores import Beside, Results

if TYPE_CHECKING:
    from jinja2 import Template

OUTPUT = Path("results/report.html")
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Training pairs that were left out because they share text with evaluation prompts."""

    read: int
    by_benchmark: tuple[tuple[str, int], ...]
    """Empty where none was looked for."""
    any: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page says; a part is None where the files that it is made of are not here."""

    origin: Origin
    results: Results
    answers: Answers | None
    beside: Beside
    funnel: Funnel
    journey: Journey | None
    browser: Browser | None
    ledger: Ledger | None
    overlap: Overlap | None
    ablations: tuple[Ablation, ...]
    """Of the families that were asked for."""
    recorded: Recorded | None
    """None where the journal is left out, so that the same results give the same bytes on every machine."""


def build(
    root: Path,
    defaults: dict[str, Any] | None,
    with_journal: bool = True,
    ablations: Sequence[Ablation] = (),
) -> Report:
    """Gather everything from a checkout.

    Args:
        root: The checkout.
        defaults: What conf/ composes to; see `origin.build`.
        with_journal: Add seconds and curves, which this machine's journal holds.
        ablations: Comparisons to show beside this run.

    Raises:
        CrabError: A file is there and cannot be read as what it should be.
    """
    return Report(
        origin=origin.build(root, defaults),
        results=scores.build(root),
        answers=answers.build(root),
        beside=scores.beside(root),
        funnel=funnel.build(root),
        journey=journey.build(root),
        browser=browser.build(root),
        ledger=ledger.build(root),
        overlap=_overlap(root),
        ablations=tuple(ablations),
        recorded=recorded.build(root) if with_journal else None,
    )


def render(report: Report) -> str:
    """The page as HTML."""
    return template("page.jinja").render(report=report, charts=charts)


def template(name: str) -> Template:
    """A template of this room. Nothing of the data is ever markup: all of it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=plain.safe,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "breakable": plain.breakable}
    return environment.get_template(name)


def _number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}"


def _overlap(root: Path) -> Overlap | None:
    seed = stored.metrics(root, "seed")
    if seed is None:
        return None
    return Overlap(
        read=seed.get("read", 0),
        by_benchmark=tuple(sorted((seed.get("overlap") or {}).items())),
        any=(seed.get("rejected") or {}).get("evaluation prompt", 0),
    )

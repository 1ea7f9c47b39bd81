"""The page's pictures as files of their own, for MLflow: accuracy, curves, information, what was left out, costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from markupsafe import Markup

from crab.report import browser, charts, frame, funnel, ledger, recorded, scores
from crab.report.charts import Mark
from crab.report.frame import MARGIN, TOP
from crab.report.plain import markup
from crab.report.scores import Breakdown

WIDTH = 820
_LABELS = 300
"""Pixels for the names beside rows of bars or points."""
_ROW = 24
_INTERVALS = "Percent with 95 % intervals over prompts"


def draw(root: Path) -> dict[str, str]:
    """Every picture that the files under a folder allow, as SVG by `figures/<name>.svg`."""
    return {f"figures/{name}.svg": text for name, text in _all(root)}


def _all(root: Path) -> Iterator[tuple[str, str]]:
    results = scores.build(root)
    for one in results.by_count:
        yield f"accuracy_by_count_{one.benchmark}", _by_count(one)
    for one in results.by_type:
        yield f"accuracy_by_type_{one.benchmark}", _by_type(one)
    for picture in recorded.pictures(root):
        legend = [(charts.stroke(place), line.name) for place, line in enumerate(picture.lines)]
        scale = "by step; logarithmic scale" if charts.is_logarithmic(picture.lines) else "by step"
        yield (
            f"curve_{_file(picture.title)}",
            _alone(picture.title, scale, charts.curves("", picture.lines), 242, legend),
        )
    if found := browser.build(root):
        about = f"By bits, in steps of one; the highest column is {max(found.histogram, default=0):,} constraints"
        drawn = charts.histogram("", found.histogram, [str(bits) for bits in range(len(found.histogram))])
        yield "information", _alone("Information of the verified constraints", about, drawn, 180)
    if losses := funnel.build(root).losses:
        rows = [(f"{loss.stage}: {loss.reason}", loss.count, f"{loss.count:,} {loss.what}") for loss in losses]
        yield (
            "left_out",
            _bars("Left out, by reason", "Each is kept with its reason in the stage's rejected file", rows),
        )
    if kept := [(name, count, f"{count:,}") for name, count in _kept(root)]:
        yield "kept", _bars("Kept by each stage", "Records, rows and prompts", kept)
    if (costs := ledger.build(root)) and costs.per_accepted:
        asked = [
            (cost.what, _number(cost.requests), f"{cost.requests} ({accepted} accepted)")
            for accepted, cost in costs.per_accepted
        ]
        yield "ledger", _bars("Requests per accepted constraint", "Teacher and judge together, by category", asked)


def _by_count(one: Breakdown) -> str:
    picture = charts.trend("", [group.label for group in one.groups], one.series)
    return _alone(f"{one.benchmark}: accuracy by number of constraints", _INTERVALS, picture, 260, _models(one.models))


def _by_type(one: Breakdown) -> str:
    marks: list[tuple[str, Sequence[Mark]]] = [(f"{group.label} (n {group.n})", group.marks) for group in one.groups]
    drawn, top = [_placed(charts.axis(), TOP, 18)], TOP + 22
    for label, own in marks:
        tall = 16 * len(own) + 4
        drawn += [_label(label, top + 14), _placed(charts.marks(own, one.models), top, tall)]
        top += tall + 6
    return _framed(
        f"{one.benchmark}: accuracy by type of constraint", _INTERVALS, Markup().join(drawn), top, _models(one.models)
    )


def _bars(title: str, about: str, rows: Sequence[tuple[str, float, str]]) -> str:
    most = max((value for _, value, _ in rows), default=0) or 1
    drawn, top = [], TOP - 26
    for label, value, said in rows:
        drawn += [_label(label, top + 13), _placed(charts.bar(value / most * 0.7), top, 14)]
        end = _LABELS + (WIDTH - _LABELS - MARGIN) * value / most * 0.7 + 8
        drawn.append(Markup('<text x="{:.1f}" y="{}">{}</text>').format(end, top + 13, markup(said)))
        top += _ROW
    return _framed(title, about, Markup().join(drawn), top)


def _kept(root: Path) -> Iterator[tuple[str, int]]:
    return (
        (f"{step.stage}: {step.title.partition(':')[0]}", step.count) for step, _ in funnel.build(root).of("records")
    )


def _alone(title: str, about: str, picture: Markup, height: int, legend: Sequence[tuple[Markup, str]] = ()) -> str:
    """One picture as wide as the file."""
    placed = _placed(picture, TOP, height, MARGIN)
    return _framed(title, about, placed, TOP + height, legend)


def _framed(title: str, about: str, drawn: Markup, bottom: int, legend: Sequence[tuple[Markup, str]] = ()) -> str:
    return frame.framed(title, about, drawn, bottom, WIDTH, legend)


def _placed(picture: Markup, top: int, height: int, left: int = _LABELS) -> Markup:
    return frame.placed(picture, left, top, WIDTH - left - MARGIN, height)


def _label(text: str, y: int) -> Markup:
    return frame.text("label", _LABELS - 12, y, text, "end")


def _models(names: Sequence[str]) -> list[tuple[Markup, str]]:
    return [(charts.key(name, names), name) for name in names]


def _file(title: str) -> str:
    return re.sub(r"\W+", "_", title.lower()).strip("_")


def _number(text: str) -> float:
    return float(text.replace(",", "")) if text != "–" else 0.0

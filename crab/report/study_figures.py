"""The pictures of a study's document: every difference with its interval, and accuracy along a value that arms vary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

from crab.report import charts
from crab.report.charts import Mark
from crab.report.frame import MARGIN, TOP, framed, placed, text
from crab.report.studied import Finding, Setting, Studied, Sweep

WIDTH = 920
_LABELS = 500
"""Pixels for the claims, left of their differences."""
_VERDICTS = 110
"""Pixels for the verdicts, right of them."""
_ROW = 24
_TREND = 260
METRIC = "heldout/sft/prompt_strict"


def draw(studied: Studied) -> dict[str, tuple[str, str]]:
    """Title -> a file's name and its SVG; pictures without anything to show are left out."""
    pictures = [("Differences", _differences(studied)), *((one.title, _sweep(studied, one)) for one in studied.sweeps)]
    return {title: (f"{_file(title)}.svg", picture) for title, picture in pictures if picture}


def _differences(studied: Studied) -> str:
    """One row a claim, under its question."""
    answers = [(answered.title, [one for one in answered.findings if one.effect]) for answered in studied.answers]
    ends = [abs(end) for _, found in answers for one in found for end in _ends(one)]
    if not ends:
        return ""
    limit, width, top = max(ends), WIDTH - _LABELS - _VERDICTS - MARGIN, TOP - 16
    drawn = [placed(charts.axis(-limit, limit), _LABELS, top, width, 18)]
    top += 26
    for title, found in answers:
        if found:
            drawn.append(text("legend", MARGIN, top + 14, title))
            top += _ROW
        for one in found:
            word = one.verdict.word if one.verdict else ""
            drawn += [
                text("label", MARGIN + 12, top + 14, one.says),
                placed(charts.difference(_mark(one), limit), _LABELS, top, width, 20),
                text("label", _LABELS + width + 12, top + 14, word),
            ]
            top += _ROW
    over = "seeds" if len(studied.seeds) > 1 else "the prompts of one seed"
    about = f"First minus second model of each claim, in points; 95 % intervals over {over}"
    return framed("Differences", about, Markup().join(drawn), top, WIDTH)


def _sweep(studied: Studied, sweep: Sweep) -> str:
    """A line through the arms of a sweep, and the level of its control beside each point."""
    own = [_estimate(studied.setting(arm)) for arm in sweep.arms.values()]
    if sum(mark is not None for mark in own) < 2:
        return ""
    series = [(sweep.name, own)]
    control = _estimate(studied.setting(sweep.control)) if sweep.control else None
    if control:
        series.append((sweep.control_name, [control] * len(own)))
    names = [name for name, _ in series]
    picture = placed(charts.trend(sweep.title, list(sweep.arms), series), MARGIN, TOP, WIDTH - 2 * MARGIN, _TREND)
    return framed(
        sweep.title, sweep.about, picture, TOP + _TREND, WIDTH, [(charts.key(one, names), one) for one in names]
    )


def _estimate(setting: Setting | None) -> Mark | None:
    found = setting.estimate(METRIC) if setting else None
    return Mark(setting.name, found.mean, found.low, found.high) if setting and found else None


def _mark(one: Finding) -> Mark:
    assert one.effect is not None
    return Mark(one.says, one.effect.mean, one.effect.low, one.effect.high)


def _ends(one: Finding) -> Iterator[float]:
    mark = _mark(one)
    return (end for end in (mark.mean, mark.low, mark.high) if end is not None)


def _file(title: str) -> str:
    return re.sub(r"\W+", "_", title.lower()).strip("_")

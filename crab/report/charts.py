"""Pictures as inline SVG, drawn here: they follow the width of the page, and say their numbers to who cannot see them.

Horizontal places are percentages and everything else is pixels, so that text and points keep their size on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from crab.report.plain import markup

SERIES = ("chance", "base", "sft", "dpo")
"""Models with a colour and a shape of their own; others share the rest in their order."""
OTHERS = ("other1", "other2", "other3")
_SHAPES = {
    "chance": "M-4,-4 L4,4 M-4,4 L4,-4",
    "base": "M-4,-4 H4 V4 H-4 Z",
    "sft": "M0,-5 A5,5 0 1,1 0,5 A5,5 0 1,1 0,-5 Z",
    "dpo": "M0,-6 L6,0 L0,6 L-6,0 Z",
    "other1": "M0,-5 L5,4 H-5 Z",
    "other2": "M0,5 L5,-4 H-5 Z",
    "other3": "M-5,-2 H5 V2 H-5 Z",
}
_ROW = 16
"""Pixels between the models of one row."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One estimate, as a point with its interval."""

    name: str
    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """One curve."""

    name: str
    points: tuple[tuple[float, float], ...]


def style(name: str, names: Sequence[str]) -> str:
    """The class that gives a model its colour and shape."""
    if name in SERIES:
        return name
    strangers = [other for other in names if other not in SERIES]
    return OTHERS[strangers.index(name) % len(OTHERS)]


def bar(share: float) -> Markup:
    """A bar of a share of its cell; its number stands beside it."""
    return _svg(14, "", f'<rect class="bar" x="0" y="1" width="{_percent(share)}" height="12" rx="2"/>', hidden=True)


def marks(estimates: Sequence[Mark], names: Sequence[str], low: float = 0.0, high: float = 1.0) -> Markup:
    """Points with their intervals under each other, on a common scale.

    Args:
        estimates: From top to bottom.
        names: All names of the picture, which share the styles.
        low: Left end of the scale.
        high: Right end.
    """
    scale = _Scale(low, high)
    lines = [_grid(scale, tick, _ROW * len(estimates) + 4) for tick in scale.ticks()]
    for place, one in enumerate(estimates):
        y = 10 + _ROW * place
        point = _point(scale.at(one.mean), str(y), style(one.name, names))
        lines.append(f'<g class="m-{style(one.name, names)}">{_whisker(scale, one, y)}{point}</g>')
    told = "; ".join(_told(one) for one in estimates)
    return _svg(_ROW * len(estimates) + 4, told, "".join(lines))


def difference(one: Mark, limit: float) -> Markup:
    """A paired difference with its interval, on a scale with 0 in the middle.

    Args:
        one: The difference.
        limit: Both ends of the scale are so far from 0.
    """
    limit = limit or 1.0
    scale = _Scale(-limit, limit)
    point = _point(scale.at(one.mean), "10", "sft")
    return _svg(20, _told(one), f'{_grid(scale, 0.0, 20)}<g class="m-plain">{_whisker(scale, one, 10)}{point}</g>')


def axis(low: float = 0.0, high: float = 1.0) -> Markup:
    """The numbers of the scale that `marks` draws, in percent."""
    scale = _Scale(low, high)
    ticks = scale.ticks()
    texts = []
    for place, tick in enumerate(ticks):
        anchor = "start" if place == 0 else "end" if place == len(ticks) - 1 else "middle"
        texts.append(f'<text x="{scale.at(tick)}" y="13" text-anchor="{anchor}">{100 * tick:g}</text>')
    return _svg(18, "", "".join(texts), hidden=True)


def trend(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[Mark | None]]]) -> Markup:
    """Shares over ordered groups: a line per model, a point and an interval per group.

    Args:
        title: What is shown, for who cannot see it; the numbers belong into a table beside it.
        labels: Of the groups.
        series: Model -> an estimate per group, None where there is none.
    """
    height, top, bottom = 260, 12, 34
    names = [name for name, _ in series]

    def y(share: float) -> str:
        return f"{top + (height - top - bottom) * (1 - share):.1f}"

    def x(place: int, shift: float) -> str:
        return _percent((place + 0.5 + shift) / len(labels) * 0.92 + 0.08)

    drawn = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawn.append(f'<line class="grid" x1="8%" x2="100%" y1="{y(tick)}" y2="{y(tick)}"/>')
        drawn.append(f'<text x="7%" y="{float(y(tick)) + 4:.1f}" text-anchor="end">{100 * tick:g}</text>')
    for place, label in enumerate(labels):
        drawn.append(f'<text x="{x(place, 0)}" y="{height - 12}" text-anchor="middle">{markup(label)}</text>')
    for number, (name, estimates) in enumerate(series):
        shift = 0.12 * (number - (len(series) - 1) / 2)
        there = [(place, one) for place, one in enumerate(estimates) if one is not None]
        own = []
        for (before, one), (after, other) in pairwise(there):
            own.append(f'<line class="thin" x1="{x(before, shift)}" y1="{y(one.mean)}" '
                       f'x2="{x(after, shift)}" y2="{y(other.mean)}"/>')  # fmt: skip
        for place, one in there:
            if one.low is not None and one.high is not None:
                own.append(
                    f'<line x1="{x(place, shift)}" x2="{x(place, shift)}" y1="{y(one.low)}" y2="{y(one.high)}"/>'
                )
            own.append(_point(x(place, shift), y(one.mean), style(name, names)))
        drawn.append(f'<g class="m-{style(name, names)}">{"".join(own)}</g>')
    return _svg(height, title, "".join(drawn))


def histogram(title: str, counts: Sequence[int], labels: Sequence[str]) -> Markup:
    """Counts of neighbouring bins as columns; `labels` name the bins' left ends."""
    height, bottom = 180, 22
    most = max(counts, default=0) or 1
    width = 100 / max(len(counts), 1)
    drawn = [f'<line class="grid" x1="0" x2="100%" y1="{height - bottom}" y2="{height - bottom}"/>']
    for place, (count, label) in enumerate(zip(counts, labels, strict=True)):
        tall = (height - bottom - 6) * count / most
        drawn.append(
            f'<rect class="bar" x="{place * width + 0.3:.2f}%" width="{width - 0.6:.2f}%" '
            f'y="{height - bottom - tall:.1f}" height="{tall:.1f}"/>'
        )
        drawn.append(f'<text x="{place * width:.2f}%" y="{height - 6}">{markup(label)}</text>')
    return _svg(height, title, "".join(drawn))


def curves(title: str, lines: Sequence[Line]) -> Markup:
    """Curves over steps; on a logarithmic scale where positive values span more than a factor of ten."""
    values = [value for line in lines for _, value in line.points]
    steps = [step for line in lines for step, _ in line.points]
    if not values:
        return Markup()
    logarithmic = is_logarithmic(lines)
    low, high = min(values), max(values)
    first, last = min(steps), max(steps)

    def y(value: float) -> float:
        if high == low:
            return 50.0
        whole = math.log(high / low) if logarithmic else high - low
        return 100 * (1 - (math.log(value / low) if logarithmic else value - low) / whole)

    drawn = [f'<line class="grid" x1="0" x2="100" y1="{at}" y2="{at}"/>' for at in (0, 50, 100)]
    for place, line in enumerate(lines):
        points = " ".join(
            f"{100 * (step - first) / (last - first or 1):.2f},{y(value):.2f}" for step, value in line.points
        )
        drawn.append(f'<polyline class="c-{place % 4}" points="{points}"/>')
    middle = math.sqrt(low * high) if logarithmic else (low + high) / 2
    texts = [
        f'<text x="12%" y="{at}" text-anchor="end">{value:.3g}</text>'
        for at, value in ((12, high), (116, middle), (220, low))
        if high != low
    ]
    texts.append(f'<text x="13%" y="236">step {first:g}</text><text x="100%" y="236" text-anchor="end">{last:g}</text>')
    plot = (
        '<svg x="13%" y="8" width="87%" height="208" viewBox="0 0 100 100" preserveAspectRatio="none">'
        f"{''.join(drawn)}</svg>"
    )
    ends = "; ".join(f"{line.name} from {line.points[0][1]:.3g} to {line.points[-1][1]:.3g}" for line in lines)
    return _svg(242, f"{title}: {ends}", plot + "".join(texts))


def is_logarithmic(lines: Sequence[Line]) -> bool:
    """Whether `curves` draws them on a logarithmic scale."""
    values = [value for line in lines for _, value in line.points]
    return bool(values) and min(values) > 0 and max(values) > 10 * min(values)


def percent(one: Mark, sign: bool = False) -> str:
    """An estimate in words, for the cell beside its picture."""
    plus = "+" if sign else ""
    span = "" if one.low is None or one.high is None else f" [{100 * one.low:{plus}.1f}, {100 * one.high:{plus}.1f}]"
    return f"{100 * one.mean:{plus}.1f}{span}"


def key(name: str, names: Sequence[str]) -> Markup:
    """A model's mark, for a legend."""
    own = style(name, names)
    point = _point("50%", "8", own)
    return Markup(f'<svg class="key" width="18" height="16" aria-hidden="true"><g class="m-{own}">{point}</g></svg>')


def stroke(place: int) -> Markup:
    """A curve's stroke, for a legend."""
    line = f'<line class="c-{place % 4}" x1="0" x2="22" y1="8" y2="8"/>'
    return Markup(f'<svg class="key" width="24" height="16" aria-hidden="true">{line}</svg>')


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def at(self, value: float) -> str:
        """A place on the page; the ends keep room for a whole point."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _percent(0.02 + 0.96 * share)

    def ticks(self) -> list[float]:
        """Round numbers on the scale, about five."""
        rough = (self.high - self.low) / 4
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [round(step * number, 10) for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _whisker(scale: _Scale, one: Mark, y: int) -> str:
    if one.low is None or one.high is None:
        return ""
    return f'<line x1="{scale.at(one.low)}" x2="{scale.at(one.high)}" y1="{y}" y2="{y}"/>'


def _point(x: str, y: str, style_: str) -> str:
    return f'<svg x="{x}" y="{y}" overflow="visible"><path d="{_SHAPES[style_]}"/></svg>'


def _grid(scale: _Scale, tick: float, height: int) -> str:
    zero = " zero" if tick == 0 and scale.low < 0 else ""
    return f'<line class="grid{zero}" x1="{scale.at(tick)}" x2="{scale.at(tick)}" y1="0" y2="{height}"/>'


def _told(one: Mark) -> str:
    span = "" if one.low is None or one.high is None else f" (interval {100 * one.low:.1f} to {100 * one.high:.1f})"
    return f"{one.name} {100 * one.mean:.1f}{span}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def _svg(height: int, told: str, drawn: str, hidden: bool = False) -> Markup:
    about = 'aria-hidden="true"' if hidden else f'role="img" aria-label="{markup(told)}"'
    return Markup(f'<svg class="chart" width="100%" height="{height}" {about}>{drawn}</svg>')

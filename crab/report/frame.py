"""A picture as a file of its own: title, explanation and legend around what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup

from crab.report import page
from crab.report.plain import markup

MARGIN = 24
TOP = 92
"""Pixels that title, explanation and legend take."""


def framed(
    title: str, about: str, drawn: Markup, bottom: int, width: int, legend: Sequence[tuple[Markup, str]] = ()
) -> str:
    """The file.

    Args:
        title: What is shown.
        about: How to read it, in one line.
        drawn: What `placed` and `text` made, below `TOP`.
        bottom: Where it ends, in pixels.
        width: Of the whole file, in pixels.
        legend: A mark and its name each.
    """
    return page.template("figure.jinja").render(
        title=title, about=about, drawn=drawn, legend=legend, width=width, height=bottom + MARGIN, margin=MARGIN
    )


def placed(picture: Markup, left: int, top: int, width: int, height: int) -> Markup:
    """A chart at a place of the file."""
    place = Markup('<svg x="{}" y="{}" width="{}" height="{}" overflow="visible">{}</svg>')
    return place.format(left, top, width, height, picture)


def text(kind: Literal["label", "legend"], x: float, y: float, said: str, anchor: str = "start") -> Markup:
    """A line of text at a place of the file."""
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(kind, x, y, anchor, markup(said))

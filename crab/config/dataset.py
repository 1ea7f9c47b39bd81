"""Where rows come from when they are not ours: a data set of the hub, and the names of its fields."""

from __future__ import annotations

from crab.config.section import Section

Names = str | list[str] | None
"""A field's name, or several tried in order; dots reach into objects (`meta.prompt`) and lists (`turns.0.text`)."""


class DatasetConfig(Section):
    """A Hugging Face data set, or a local folder in a form that `datasets` reads."""

    name: str
    config: str | None
    split: str
    revision: str | None
    """A commit pins the data; null takes what the hub has on the day."""
    data_files: str | None
    """One file of the data set, where it holds several."""

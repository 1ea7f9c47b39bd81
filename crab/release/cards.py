"""The cards: front matter by the hub's own classes, the text from templates whose every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from crab.core import io
from crab.release import features, licences, markdown
from crab.release.dataset import Written
from crab.release.facts import Facts
from crab.report.scores import Scores
from crab.tracking import rows

TEMPLATES = Path(__file__).parent / "templates"
TAGS = ("constraint-back-translation", "instruction-following", "verifiable-constraints")
SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
"""Upper end of each of the hub's classes of sizes."""
LONGEST = 4000
"""Characters of a text that a card shows."""


def dataset(facts: Facts, written: Written) -> str:
    """The data set's card."""
    from huggingface_hub import DatasetCardData

    total = sum(count for splits in written.rows.values() for count in splits.values())
    data = DatasetCardData(
        pretty_name=f"Constraint back-translation: {markdown.plain(facts.origin.name)}",
        language=list(facts.languages) or None,
        license=licences.together(facts.included),
        size_categories=[next((name for end, name in SIZES if total < end), "n>1M")],
        task_categories=["text-generation"],
        tags=list(TAGS),
        configs=[
            {
                "config_name": name,
                "data_files": [{"split": split, "path": f"{name}/{split}.parquet"} for split in splits],
                **({"default": True} if name == features.PAIRS else {}),
            }
            for name, splits in written.rows.items()
        ],
    )
    return _card(data, "dataset.jinja", facts, written=written, example=_example(written))


def model(facts: Facts, name: str, dataset_repo: str | None) -> str:
    """A model's card.

    Args:
        facts: Of the run.
        name: `sft` or `dpo`.
        dataset_repo: The data set's name on the hub, where it goes there too.
    """
    from huggingface_hub import EvalResult, ModelCardData

    base = facts.params["model"]["base"]
    found = [
        EvalResult(
            task_type="text-generation",
            dataset_type=f"crab-{scores.name}",
            dataset_name=f"{scores.name}, version {scores.version}",
            metric_type="accuracy",
            metric_name=scores.columns[0],
            metric_value=round(100 * row.mark.mean, 2),
        )
        for scores in facts.results.benchmarks
        if scores.is_share
        for row in scores.rows
        if row.model == name and row.mark is not None
    ]
    data = ModelCardData(
        model_name=f"{markdown.plain(facts.origin.name)}-{name}",
        language=list(facts.languages) or None,
        license=licences.together(list(facts.sources.values())) if base["source"] == "built" else "other",
        library_name="transformers",
        pipeline_tag="text-generation",
        base_model=base["hub_id"],
        datasets=[dataset_repo] if dataset_repo else None,
        tags=[*TAGS, "trl", name],
        eval_results=found or None,
    )
    recipe = {stage: rows.parameters(facts.params[stage]) for stage in ("mix", "sft", "dpo")[: 2 + (name == "dpo")]}
    return _card(data, "model.jinja", facts, name=name, base=base, recipe=recipe, tables=facts.results.benchmarks)


def write(folder: Path, text: str) -> None:
    """Put a card where the hub looks for it."""
    with io.replacing(folder / "README.md") as file:
        file.write(text)


def _card(data: Any, template: str, facts: Facts, **values: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        # Our templates are Markdown: every value that they print goes through `inline`.
        autoescape=False,
        finalize=markdown.inline,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "code": markdown.code,
        "fenced": markdown.fenced,
        "number": lambda value, digits=0: Markup(f"{value:,.{digits}f}"),
        "cells": _cells,
        "short": lambda text: text if len(text) <= LONGEST else text[:LONGEST] + " ...",
    }
    body = environment.get_template(template).render(facts=facts, **values)
    return f"---\n{data.to_yaml(line_break=chr(10)).strip()}\n---\n\n{body}"


def _cells(scores: Scores) -> list[list[Markup]]:
    """A benchmark's table: model, n, numbers with intervals. The numbers are ours and need no escaping."""
    return [[markdown.code(row.model), Markup(row.n), *map(Markup, row.cells)] for row in scores.rows]


def _example(written: Written) -> Mapping[str, Any]:
    assert written.example is not None  # a release without a record does not come so far
    row = features.pair(written.example, "")
    return {
        "instruction": row["instruction"],
        "response": row["response"],
        "constraints": written.example.constraints[:5],
    }

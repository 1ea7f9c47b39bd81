"""The page that lists all experiments: its description, and the view of it that sets results beside each other."""

from __future__ import annotations

import json
from collections.abc import Mapping

VIEW = "results"
"""Part of the page's address, and of the tag that MLflow keeps a shared view in."""
DESCRIPTION = """\
**Constraint back-translation** ([arXiv 2410.24175](https://arxiv.org/abs/2410.24175)): find constraints that a good
response already meets, prove them, and train on instruction + constraints → response.

One row is one experiment; its children are the stages that ran for it. `accuracy/<benchmark>_<model>` is the percentage
of prompts with all constraints met (`heldout`: new instructions; `unseen`: constraint types never trained on),
`accuracy_interval/` its 95 % interval, `crab.changes` what the row changes. Select rows and press Compare; *Show diff
only* leaves what differs. Whether a difference between rows is real, paired intervals say:
`python -m crab family compare NAME`. Rows come from the repository: `python -m crab track sync` makes them again."""
KIND = "custom_model_development"
"""MLflow's word for experiments that train; it decides which pages are at the top."""
COLUMNS: Mapping[str, int] = {
    "attributes.`Created`": 120,
    "tags.`crab.changes`": 230,
    "metrics.`accuracy/heldout_sft`": 150,
    "metrics.`accuracy/heldout_dpo`": 150,
    "metrics.`accuracy/unseen_sft`": 150,
    "metrics.`accuracy/unseen_dpo`": 150,
    "tags.`crab.family`": 140,
}
"""Columns of the view with their widths in pixels."""
_SINCE = 1_700_000_000_000
"""Milliseconds; a view wants a date, and one that does not change makes the tag the same everywhere."""


def tags() -> dict[str, str]:
    """Tags of MLflow's experiment, in the form in which MLflow's own pages keep shared views."""
    state = {
        "searchFilter": "tags.`crab.kind` = 'experiment'",
        "orderByKey": "attributes.`Created`",
        "orderByAsc": False,
        "selectedColumns": list(COLUMNS),
        "columnOrder": list(COLUMNS),  # widths count only for columns that stand here
        "columnWidths": dict(COLUMNS),
    }
    view = {"name": "Results", "createdAt": _SINCE, "updatedAt": _SINCE, "state": json.dumps(state)}
    return {
        "mlflow.experimentKind": KIND,
        "mlflow.note.content": DESCRIPTION,
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view),
    }


def page(experiment_id: str) -> str:
    """The part of the UI's address that opens the view."""
    return f"#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW}"

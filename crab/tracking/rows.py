"""From files to a row: parameters flattened, metrics named as they are read, both without MLflow."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

SMALL = 200_000
"""Characters up to which a result file is kept with its row."""

_NOT_IN_NAMES = re.compile(r"[^\w\-./: ]")


def parameters(params: Mapping[str, Any]) -> dict[str, str]:
    """`{"sft": {"aux_weight": 0.5}}` as `{"sft.aux_weight": "0.5"}`; lists and nulls as JSON."""
    return dict(_flat(params, ""))


def metrics(stage: str, values: Any) -> dict[str, float]:
    """The numbers of a result file, named `stage/group/name`.

    A mean with its interval keeps the group's name for the mean (`heldout/sft/prompt_strict`), and the other numbers
    follow it (`heldout/sft/prompt_strict.low`). What is no finite number is left out.
    """
    return {_NOT_IN_NAMES.sub("_", name): value for name, value in _numbers(values, stage)}


def of_result(path: str, values: Any) -> dict[str, float]:
    """The numbers of a result file by its stage; `metrics.json` groups them itself.

    The headlines of `summary.json` are called `accuracy/heldout_sft`, their intervals
    `accuracy_interval/heldout_sft_low`: MLflow sorts groups, and these come first.
    """
    name = path.rpartition("/")[2].removesuffix(".json")
    if name == "summary":
        ends = ("_low", "_high", "_n")
        order = sorted(values, key=lambda key: (key.endswith(ends), "_sft" not in key))  # the first is what pages show
        return metrics("", {f"accuracy{'_interval' * key.endswith(ends)}/{key}": values[key] for key in order})
    return metrics("" if name == "metrics" else name, values)


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        interval = "mean" in value and not isinstance(value["mean"], Mapping)
        for key, inner in value.items():
            if interval:
                yield from _numbers(inner, name if key == "mean" else f"{name}.{key}")
            else:
                yield from _numbers(inner, f"{name}/{key}" if name else str(key))
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        yield name, float(value)

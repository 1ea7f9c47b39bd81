"""The few numbers that experiments are set beside each other by: one measure a benchmark, flat and in percent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MEASURES = ("prompt_strict", "average", "hsr/average", "all_confirmed")
"""A benchmark's headline is the first of these that it has: all constraints met (our own prompts), the mean of the
published accuracies (IFEval, IFBench), the mean hard satisfaction rate (FollowBench), all proposals confirmed."""


def headline(metrics: Mapping[str, Any], models: Sequence[str]) -> dict[str, float]:
    """`results/metrics.json` in the few numbers of `results/summary.json`.

    Args:
        metrics: By benchmark and model.
        models: Those whose intervals are told beside their mean; others, like chance, are there by their mean alone.

    Returns:
        `<benchmark>_<model>` with `_low` and `_high`, and `<benchmark>_n` prompts; percent with two decimals.
    """
    found: dict[str, float] = {}
    for benchmark, rows in metrics.items():
        blocks = dict(_blocks(rows)) if isinstance(rows, Mapping) else {}
        for model, block in blocks.items():
            ends = ("low", "high") if model in models else ()
            found[f"{benchmark}_{model}"] = _percent(block["mean"])
            found |= {f"{benchmark}_{model}_{end}": _percent(block[end]) for end in ends if block.get(end) is not None}
        if blocks:
            found[f"{benchmark}_n"] = max(block["n"] for block in blocks.values())
    return found


STAGES = ("seed", "backtranslate", "verify", "sft", "dpo")
"""Stages that count what they keep and what they reject."""
_COUNTED = (
    "kept",
    "constraints_per_record",
    "forward_rows",
    "reverse_rows",
    "general_rows",
    "pairs",
    "prompts",
    "rows",
)


def counts(results: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """What each stage kept and rejected, flat, for `results/counts.json`.

    Args:
        results: Stage -> what its `results/<stage>.json` says; reasons of rejection are added up.
    """
    found: dict[str, float] = {}
    for stage, values in results.items():
        found |= {f"{stage}_{name}": values[name] for name in _COUNTED if name in values}
        rejected = values.get("rejected", values.get("rejected_rows", 0))
        found[f"{stage}_rejected"] = sum(rejected.values()) if isinstance(rejected, Mapping) else rejected
    return found


def _blocks(rows: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Model -> the interval of its headline measure."""
    for model, measured in rows.items():
        block = next((at for name in MEASURES if (at := _at(measured, name)) is not None), None)
        if model != "differences" and block is not None:
            yield model, block


def _at(measured: Any, name: str) -> Mapping[str, Any] | None:
    """An interval by its name; `/` leads into a group."""
    for part in name.split("/"):
        measured = measured.get(part) if isinstance(measured, Mapping) else None
    return measured if isinstance(measured, Mapping) and {"mean", "n"} <= measured.keys() else None


def _percent(share: float) -> float:
    return round(100 * share, 2)

"""What a model proposed, how much of it holds, and what it cost: lines below the results, where a model was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crab.core import io
from crab.tracking import journal

PROPOSED = Path("results/backtranslate.json")
DECIDED = Path("results/verify.json")
STAGES = ("backtranslate", "verify")


def lines() -> list[str]:
    """The lines; none where rules alone taught."""
    if not (PROPOSED.exists() and DECIDED.exists()):
        return []
    decided = io.read_json(DECIDED)
    if "teacher" not in decided:
        return []
    proposed = io.read_json(PROPOSED).get("teacher", {}).get("proposed", 0)
    spent = [done.metrics for stage in STAGES if (done := journal.latest(stage)) is not None]
    return list(_lines(proposed, decided["teacher"], decided.get("judge", {}).get("audit", {}), spent))


def _lines(
    proposed: int, teacher: Mapping[str, Any], audit: Mapping[str, Any], spent: list[dict[str, float]]
) -> Iterator[str]:
    accepted = teacher["accepted"]
    share = f" ({100 * accepted / proposed:.0f} %)" if proposed else ""
    yield f"teacher   {proposed} constraints proposed, {accepted} accepted{share}"
    for name, by in (("checkers", teacher["by_checker"]), ("the judge", teacher["by_judge"])):
        if by["decided"]:
            yield f"          {name} decided {by['decided']}, of which {100 * by['precision']:.1f} % hold"
    if audit.get("n"):
        precision, recall = (_percent(audit.get(name)) for name in ("precision", "recall"))
        yield f"judge     against checkers on {audit['n']} cases: precision {precision}, recall {recall}"
    price = teacher["cost_per_accepted"]["total"]
    if "requests" in price:
        money = f", {price['money']:.4f} in money" if "money" in price else ""
        tokens = f"{price['prompt_tokens']:.0f} prompt and {price['completion_tokens']:.0f} new tokens"
        yield f"cost      per accepted constraint: {price['requests']:.2f} requests, {tokens}{money}"
    asked, cached, seconds = (
        sum(metrics.get(f"asking/{name}", 0) for metrics in spent) for name in ("asked", "cached", "seconds")
    )
    if asked or cached:
        yield f"          {asked:.0f} answers asked for, {cached:.0f} from the cache, {seconds:.0f} s (last runs)"


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"

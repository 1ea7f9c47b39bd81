"""What teacher and judge were asked, what it cost, and how far the judge can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crab.report import stored


@dataclass(frozen=True, slots=True)
class Cost:
    """One line: for a purpose, or per accepted constraint of a category."""

    who: str
    what: str
    requests: str
    prompt_tokens: str
    completion_tokens: str
    money: str


@dataclass(frozen=True, slots=True)
class Audit:
    """How the judge does where a program knows the answer."""

    n: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The costs of both roles; empty where rules alone taught."""

    spent: tuple[Cost, ...]
    per_accepted: tuple[tuple[str, Cost], ...]
    """How many were accepted, and what each cost."""
    proposed: int
    accepted: int
    audit: Audit | None


def build(root: Path) -> Ledger | None:
    """Read results/backtranslate.json and results/verify.json; None where either is missing."""
    proposing, deciding = stored.metrics(root, "backtranslate"), stored.metrics(root, "verify")
    if proposing is None or deciding is None:
        return None
    teacher, judge, decided = (
        found or {} for found in (proposing.get("teacher"), deciding.get("judge"), deciding.get("teacher"))
    )
    audit = judge.get("audit") or {}
    return Ledger(
        spent=(*_costs("teacher", teacher.get("cost") or {}), *_costs("judge", judge.get("cost") or {})),
        per_accepted=tuple(
            (f"{values['accepted']:,}", _cost("", category, values))
            for category, values in (decided.get("cost_per_accepted") or {}).items()
        ),
        proposed=teacher.get("proposed", 0),
        accepted=decided.get("accepted", 0),
        audit=Audit(audit["n"], audit.get("precision"), audit.get("recall")) if audit.get("n") else None,
    )


def _costs(who: str, by_purpose: Mapping[str, Mapping[str, float]]) -> Iterator[Cost]:
    for purpose, values in by_purpose.items():
        yield _cost(who, "together" if purpose == "total" else purpose, values)


def _cost(who: str, what: str, values: Mapping[str, Any]) -> Cost:
    def said(name: str) -> str:
        value = values.get(name)
        return "–" if value is None else f"{value:,}"

    return Cost(who, what, said("requests"), said("prompt_tokens"), said("completion_tokens"), said("money"))

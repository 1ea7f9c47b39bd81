"""Constraint back-translation by the model itself: shown an instruction and a response, which constraints does it name.

A proposal is a line of the answer; a last line that the token limit cut is none. It parses when the registry knows for
sure what it asks, and it is confirmed when its checker passes on the response that was shown. Who names only what any
response meets is confirmed too: `elsewhere` is the share of parsed proposals that hold of the next record's response as
well. The records are those of the held-out prompts, with their witnesses as responses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from crab import constraints
from crab.config.benchmarks import ReverseConfig
from crab.core import io, text
from crab.core.errors import DataError, Problem
from crab.core.records import Constraint, EvalPrompt
from crab.engines.base import Request, Response
from crab.evaluation import lengths
from crab.evaluation.benchmark import CountRow, TypeRow, check_order
from crab.evaluation.intervals import Bootstrap, smallest_detectable_difference
from crab.prompts import reverse as prompts_

PROMPTS = Path("data/verified")
UNKNOWN = "unparsed"
"""Type of proposals that the registry does not know."""
_MARKER = re.compile(r"^(?:[-*•]|\d+[.)])\s+")


@dataclass(frozen=True, slots=True)
class Pair:
    """One held-out record, and the response that a proposal should not hold of just as well."""

    id: str
    instruction: str
    response: str
    other_response: str
    """The next record's."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One line of an answer."""

    text: str
    type: str
    """Of the registry; `unparsed` where it is not known."""
    confirmed: bool
    reason: str
    """The checker's, or that the line does not parse."""
    elsewhere: bool
    """Holds of the other response too."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One model's answer about one record, with the verdict on every proposal."""

    model: str
    id: str
    response: str
    finished: bool
    error: str | None
    proposals: tuple[Proposal, ...]
    repeated: int
    """Lines that said the same as an earlier one; they are no proposals."""
    words: int

    @property
    def parsed(self) -> list[Proposal]:
        return [proposal for proposal in self.proposals if proposal.type != UNKNOWN]

    @property
    def confirmed(self) -> list[Proposal]:
        return [proposal for proposal in self.proposals if proposal.confirmed]


class Reverse:
    """The benchmark over the records of the held-out prompts."""

    name = "reverse"
    version = 1
    source = "the auxiliary task of CRAB (arXiv 2410.24175, section 3.3) on this run's held-out records"

    def __init__(self, config: ReverseConfig, split: Literal["dev", "heldout"]) -> None:
        self._config = config
        self._split = split

    def load(self) -> list[Pair]:
        """The first records of the split's prompts, each once."""
        file = PROMPTS / f"prompts_{self._split}.jsonl"
        records = list({prompt.seed_id: prompt for prompt in reversed(io.read(file, EvalPrompt))}.values())[::-1]
        if len(records) < 2:
            raise DataError(Problem(str(file), "holds fewer than two records", "give the seed stage more pairs"))
        chosen = records[: self._config.records]
        return [
            Pair(one.seed_id, one.instruction, one.witness_response, records[place % len(records)].witness_response)
            for place, one in enumerate(chosen, 1)
        ]

    def requests(self, prompts: Sequence[Pair], max_new_tokens: int) -> list[Request]:
        """One greedy question per record, in the wording that the config names."""
        return [
            Request(
                pair.id,
                [{"role": "user", "content": prompts_.ask(pair.instruction, pair.response, self._config.frame)}],
                self._config.max_new_tokens,
            )
            for pair in prompts
        ]

    def score(self, model: str, prompts: Sequence[Pair], responses: Sequence[Response]) -> list[Scored]:
        """Read each answer's proposals and check them."""
        check_order([pair.id for pair in prompts], responses)
        return [_score(model, pair, response) for pair, response in zip(prompts, responses, strict=True)]

    def summary(
        self, prompts: Sequence[Pair], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> dict[str, Any]:
        """Shares of proposals that parse, are confirmed and hold elsewhere; records are resampled whole.

        `proposals` is the number of constraints behind the shares; n of an interval counts records with at least one.
        """
        result: dict[str, Any] = {"version": self.version, "prompts": len(prompts), "split": self._split}
        for name, lines in scored.items():
            result[name] = _measures(name, lines, bootstrap) | lengths.summary(lines)
        result["differences"] = {
            f"{second}-{first}": _differences(f"{second}-{first}", scored[second], scored[first], bootstrap)
            for first, second in pairwise(scored)
        }
        return result

    def by_type(
        self, prompts: Sequence[Pair], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[TypeRow]:
        """Confirmed share of the proposals of each type."""
        rows = []
        for type_ in sorted({one.type for lines in scored.values() for line in lines for one in line.proposals}):
            for name, lines in scored.items():
                found = [[one for one in line.proposals if one.type == type_] for line in lines]
                asked = [float(len(one)) for one in found if one]
                if asked:
                    met = [float(sum(one.confirmed for one in proposals)) for proposals in found if proposals]
                    share = bootstrap.ratio(f"{name}/{type_}", met, asked)
                    rows.append(TypeRow(name, type_, share.mean, share.low, share.high, int(sum(asked))))
        return rows

    def by_count(
        self, prompts: Sequence[Pair], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[CountRow]:
        """Share of answers with so many proposals that are confirmed throughout."""
        rows = []
        for count in sorted({len(line.proposals) for lines in scored.values() for line in lines} - {0}):
            for name, lines in scored.items():
                whole = [_all_confirmed(line) for line in lines if len(line.proposals) == count]
                if whole:
                    found = bootstrap.mean(f"{name}/{count}", whole)
                    rows.append(CountRow(name, count, found.mean, found.low, found.high, found.n))
        return rows


def propose(answer: str, finished: bool = True) -> list[str]:
    """The lines of an answer without their markers; blank ones are none, nor is the last one of a cut answer."""
    lines = answer.split("\n")[: None if finished else -1]
    return [stripped for line in lines if (stripped := _MARKER.sub("", line.strip()).strip())]


def _score(model: str, pair: Pair, response: Response) -> Scored:
    lines = propose(response.text, response.finished) if response.error is None else []
    seen: dict[str, Proposal] = {}
    for line in lines:
        constraint = constraints.parse(line)
        key = line if constraint is None else io.dumps((constraint.type, constraint.params))
        if key not in seen:
            seen[key] = _check(line, constraint, pair)
    return Scored(
        model=model,
        id=pair.id,
        response=response.text,
        finished=response.finished,
        error=response.error,
        proposals=tuple(seen.values()),
        repeated=len(lines) - len(seen),
        words=text.measures(response.text).word_count(),
    )


def _check(line: str, constraint: Constraint | None, pair: Pair) -> Proposal:
    if constraint is None:
        return Proposal(line, UNKNOWN, False, "no constraint that the registry knows", False)
    here, there = constraints.check_each(constraint, [pair.response, pair.other_response])
    return Proposal(line, constraint.type, here.satisfied, here.reason, there.satisfied)


def _all_confirmed(line: Scored) -> float:
    return float(bool(line.proposals) and len(line.confirmed) == len(line.proposals))


def _measures(name: str, scored: Sequence[Scored], bootstrap: Bootstrap) -> dict[str, Any]:
    result: dict[str, Any] = {
        "proposals": sum(len(line.proposals) for line in scored),
        "repeated": sum(line.repeated for line in scored),
        "silent": sum(not line.proposals for line in scored),
        "all_confirmed": asdict(bootstrap.mean(f"{name}/all", [_all_confirmed(line) for line in scored])),
        "confirmed_per_record": asdict(bootstrap.mean(f"{name}/each", [float(len(one.confirmed)) for one in scored])),
    }
    shares: dict[str, tuple[Callable[[Scored], int], Callable[[Scored], int]]] = {
        "parsed": (lambda line: len(line.parsed), lambda line: len(line.proposals)),
        "confirmed": (lambda line: len(line.confirmed), lambda line: len(line.proposals)),
        "confirmed_of_parsed": (lambda line: len(line.confirmed), lambda line: len(line.parsed)),
        "elsewhere": (lambda line: sum(one.elsewhere for one in line.parsed), lambda line: len(line.parsed)),
    }
    for metric, (part, whole) in shares.items():
        known = [line for line in scored if whole(line)]
        if known:  # without any proposal there is no share
            parts, wholes = [float(part(line)) for line in known], [float(whole(line)) for line in known]
            result[metric] = asdict(bootstrap.ratio(f"{name}/{metric}", parts, wholes))
    return result


def _differences(name: str, first: Sequence[Scored], second: Sequence[Scored], bootstrap: Bootstrap) -> dict[str, Any]:
    ones = [1.0] * len(first)
    measures: dict[str, Callable[[Scored], float]] = {
        "all_confirmed": _all_confirmed,
        "confirmed_per_record": lambda line: float(len(line.confirmed)),
    }
    result = {}
    for metric, measure in measures.items():
        one, other = [measure(line) for line in first], [measure(line) for line in second]
        interval = bootstrap.difference(f"{name}/{metric}", one, other, ones)
        apart = [a - b for a, b in zip(one, other, strict=True)]
        detectable = smallest_detectable_difference(apart, bootstrap.confidence)
        result[metric] = asdict(interval) | {"detectable": detectable}
    return result

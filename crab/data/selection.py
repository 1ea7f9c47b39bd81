"""The seed stage's work: from a stream of candidate pairs to splits, rejected lines and counts that add up."""

from __future__ import annotations

import dataclasses
import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from crab.config.seed import SeedConfig
from crab.core import paths, randomness
from crab.core.errors import DataError, Problem
from crab.core.language import UNDETERMINED, identify
from crab.core.records import Rejected, Seed
from crab.data import digest, filters
from crab.data.contamination import Overlap
from crab.data.duplicates import Exact, Near
from crab.data.filters import Check
from crab.data.sources import registry
from crab.data.split import SPLITS, Split, assign, normalise

MOST_SOURCES = 30
"""With more distinct sources, they are counted together."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the seed stage made of its source."""

    kept: dict[Split, list[Seed]]
    """In reading order."""
    rejected: list[Rejected]
    metrics: dict[str, Any]
    """Counts; `read` = `kept` + `rejected`."""


def candidates(config: SeedConfig) -> Iterator[Seed | Rejected]:
    """The pairs of the source that a config names; ids may be empty or clash, languages be open.

    Raises:
        DataError: The source cannot be read as a whole.
        ResourceError: The hub cannot be reached.
    """
    if problems := list(_changed(config)):
        raise DataError(problems)
    return registry.open_source(config)


def select(items: Iterable[Seed | Rejected], config: SeedConfig) -> Selection:
    """Sample, name, filter and split candidate pairs.

    Raises:
        DataError: A file of evaluation prompts cannot be read, or no pair is left to train on.
    """
    overlap = Overlap(config.contamination) if config.contamination.prompts else None
    table = filters.checks(config)
    if config.drop_exact_duplicates:
        table.append(Exact())
    if config.near_duplicates.threshold is not None:
        table.append(Near(config.near_duplicates))
    if overlap:
        table.append(overlap)

    sample = _Sample(config.limit, config.world_seed)
    identifiers: set[str] = set()
    kept: dict[Split, list[Seed]] = {split: [] for split in SPLITS}
    rejected: list[Rejected] = []
    sources: dict[str, Counter[str]] = {}
    for item in sample.of(items):
        if isinstance(item, Seed):
            item = _screen(_named(item, identifiers), table)
        if isinstance(item, Rejected):
            rejected.append(item)
            sources.setdefault(str(item.record.get("source", "")), Counter())["rejected"] += 1
        else:
            split = assign(item.instruction, config.split_seed, config.fractions.dev, config.fractions.heldout)
            kept[split].append(item)
            sources.setdefault(item.source, Counter())["kept"] += 1
    metrics = _count(kept, rejected, sources)
    metrics["left_out_by_limit"] = sample.left_out
    metrics["overlap"] = dict(sorted(overlap.hits.items())) if overlap else {}
    metrics["read"] = sample.passed_on
    assert metrics["read"] == metrics["kept"] + sum(metrics["rejected"].values())
    if not kept["train"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in metrics["rejected"].items()) or "nothing was read"
        raise DataError(
            Problem(f"seed ({config.source})", f"no pair is left to train on: {reasons}", "relax the filters")
        )
    return Selection(kept, rejected, metrics)


def _changed(config: SeedConfig) -> Iterator[Problem]:
    """Input files whose content is not what `params.yaml` was composed for: DVC would record a wrong origin."""
    inputs = [("seed.path", config.path, config.digest)]
    inputs.append(("seed.contamination.prompts", config.contamination.prompts, config.contamination.digest))
    inputs += [(f"seed.sources.{name}.path", item.path, item.digest) for name, item in (config.sources or {}).items()]
    for where, names, recorded in inputs:
        # What is missing is told by the reader, with its path.
        if names and (found := digest.digest(names, paths.main_checkout())) not in (recorded, digest.MISSING):
            said = f"content has changed since params.yaml was composed (digest {found}, recorded {recorded})"
            yield Problem(where, said, "use `dvc exp run`, or run `python -m crab compose` first")


def _screen(seed: Seed, table: list[Check]) -> Seed | Rejected:
    if seed.language == UNDETERMINED:
        seed = dataclasses.replace(seed, language=identify(seed.response))
    for check in table:
        if not (answer := check(seed)).ok:
            return filters.rejected(seed, answer)
    return seed


def _named(seed: Seed, taken: set[str]) -> Seed:
    """Give a pair an id that no other has: its own, else a hash of its content; a number is added on a clash."""
    content = hashlib.sha256(f"{seed.instruction}\0{seed.response}".encode()).hexdigest()[:16]
    base = seed.id or content
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return dataclasses.replace(seed, id=name)


class _Sample:
    """At most `limit` pairs: all answers to instructions with the smallest hashes, over everything that is read.

    Rows that are no pair are passed on whole, limit or not.
    """

    def __init__(self, limit: int | None, world_seed: int) -> None:
        self._limit = limit
        self._world_seed = world_seed
        self.left_out = 0
        self.passed_on = 0

    def of(self, items: Iterable[Seed | Rejected]) -> Iterator[Seed | Rejected]:
        for item in items if self._limit is None else self._drawn(items, self._limit):
            self.passed_on += 1
            yield item

    def _drawn(self, items: Iterable[Seed | Rejected], limit: int) -> list[Seed | Rejected]:
        faulty: list[tuple[int, Seed | Rejected]] = []
        # A heap with the largest hash on top; of equal hashes (siblings) the later row goes first.
        drawn: list[tuple[float, int, Seed]] = []
        for position, item in enumerate(items):
            if isinstance(item, Rejected):
                faulty.append((position, item))
                continue
            place = randomness.fraction(self._world_seed, "limit", normalise(item.instruction))
            entry = (-place, -position, item)
            if len(drawn) < limit:
                heapq.heappush(drawn, entry)
            else:
                heapq.heappushpop(drawn, entry)
                self.left_out += 1
        chosen = [(-position, item) for _, position, item in drawn]
        return [item for _, item in sorted([*faulty, *chosen], key=lambda pair: pair[0])]


def _count(kept: dict[Split, list[Seed]], rejected: list[Rejected], sources: dict[str, Counter[str]]) -> dict[str, Any]:
    named: dict[str, Counter[str]] = {}
    for name, counts in sources.items():
        # Names come from the data; MLflow takes these characters only, and nobody reads a thousand metrics.
        key = re.sub(r"[^\w./ -]", "_", name, flags=re.ASCII)[:100] if len(sources) <= MOST_SOURCES else "all"
        named.setdefault(key, Counter()).update(counts)
    pairs = [seed for split in kept.values() for seed in split]
    answers = Counter(seed.instruction for seed in pairs)
    return {
        "kept": len(pairs),
        "instructions": len(answers),
        "siblings": sum(count for count in answers.values() if count > 1),
        "records": {split: len(seeds) for split, seeds in kept.items()},
        "rejected": dict(sorted(Counter(line.reason for line in rejected).items())),
        "languages": dict(sorted(Counter(seed.language for seed in pairs).items())),
        "sources": {
            name: {"kept": counts["kept"], "rejected": counts["rejected"]} for name, counts in sorted(named.items())
        },
    }

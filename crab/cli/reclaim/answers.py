"""Answers of teachers and judges in the response cache, by age; what is asked again is paid for again."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from crab.cli.reclaim.item import DAY, Item
from crab.core import io
from crab.engines import cache, store

KIND = "response cache (.work/responses)"


def find(older_days: float | None) -> Iterator[Item]:
    """Answers that are older than so many days, by who was asked; none where no age is given."""
    place = cache.default_place()
    if older_days is None or not (place / "data.mdb").exists():
        return
    before = store.now() - older_days * DAY
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for _, entry in store.open_store(place).entries():
        if entry.saved < before:
            who = json.dumps(entry.identity, sort_keys=True)
            counts[who] += 1
            sizes[who] += len(io.dumps(entry))
    if counts:
        what = f"{counts.total()} answers older than {older_days:g} days: " + "; ".join(
            f"{count} of {who}" for who, count in sorted(counts.items())
        )
        costs = "each is asked, and paid for, again when a run needs it (`crab cache record` keeps them in a file)"
        yield Item(KIND, what, sizes.total(), costs, partial(_delete, place, time.time() - older_days * DAY))


def _delete(place: Path, before: float) -> str:
    opened = store.open_store(place)
    opened.evict(None, before)
    del opened
    return "" if store.compact(place) else "they are dropped; another process has the cache open, so its file stays"

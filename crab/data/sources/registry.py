"""The sources by name: one line each. What values of section `seed` a source needs stands in `crab.config.seed`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crab.config.seed import SeedConfig
from crab.core.records import Rejected, Seed


def _builtin(config: SeedConfig) -> Iterator[Seed | Rejected]:
    from crab.data.world import generate

    assert config.pairs is not None
    return generate.pairs(config.pairs, config.world_seed)


def _files(config: SeedConfig) -> Iterator[Seed | Rejected]:
    from crab.data.sources import fields, rows

    assert config.path is not None
    assert config.fields is not None
    names = config.fields
    items = rows.read(config.path)
    return (item if isinstance(item, Rejected) else fields.to_seed(item, names) for item in items)


def _hub(config: SeedConfig) -> Iterator[Seed | Rejected]:
    from crab.data.sources import fields, hub

    assert config.dataset is not None
    assert config.fields is not None
    names = config.fields
    return (fields.to_seed(row, names) for row in hub.read(config.dataset))


def _paper(config: SeedConfig) -> Iterator[Seed | Rejected]:
    from crab.data.sources import paper

    assert config.sources is not None
    assert config.diverse_rate is not None
    return paper.read(config.sources, config.diverse_rate, config.world_seed)


def _crab_released(config: SeedConfig) -> Iterator[Seed | Rejected]:
    from crab.data.sources import released

    assert config.dataset is not None
    return released.read(config.path, config.dataset)


_SOURCES: dict[str, Callable[[SeedConfig], Iterator[Seed | Rejected]]] = {
    "builtin": _builtin,
    "files": _files,
    "hub": _hub,
    "paper": _paper,
    "crab_released": _crab_released,
}
"""Name -> what opens it. Each is imported where it is used: only it knows what it needs."""


def open_source(config: SeedConfig) -> Iterator[Seed | Rejected]:
    """The pairs of the source that a config names; ids may be empty or clash, languages be open.

    Raises:
        DataError: The source cannot be read as a whole.
        ResourceError: The hub cannot be reached.
    """
    return _SOURCES[config.source](config)

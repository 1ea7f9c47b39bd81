"""FollowBench's items: chains of an instruction that gains a constraint a level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from crab.core.errors import DataError, Problem
from crab.data.sources.rows import Row

CATEGORIES = ("content", "situation", "style", "format", "example", "mixed")
"""In the paper's order; each is a file `<category>_constraints.json`."""
LEVELS = (1, 2, 3, 4, 5)
SUFFIX = "_constraints"


@dataclass(frozen=True, slots=True)
class Item:
    """One level of one chain: what a model answers."""

    id: str
    """`category/chain/level`."""
    category: str
    """Of the file; the items of `mixed` name others inside."""
    source: str
    """The data set that the chain was made from; decides which rule there is."""
    chain: int
    level: int
    versions: tuple[str, ...]
    """The instruction from level 0 (left out by `example`) to this one; the last is asked."""
    target: str

    @property
    def instruction(self) -> str:
        return self.versions[-1]


def read(rows: Iterable[Row]) -> list[Item]:
    """Items of the published files, by category, chain and level; level 0 is context, not an item.

    Raises:
        DataError: A row is no item, a file is none of the six or missing, or a chain lacks a level.
    """
    problems: list[Problem] = []
    chains: dict[tuple[str, int], dict[int, tuple[str, str, str]]] = defaultdict(dict)
    for row in rows:
        category = row.source.removesuffix(SUFFIX)
        values = row.values
        chain, level, instruction = values.get("example_id"), values.get("level"), values.get("instruction")
        target, source = values.get("target"), values.get("source")
        if category not in CATEGORIES:
            problems.append(Problem(row.where, f"file {row.source} is none of {', '.join(CATEGORIES)} + {SUFFIX}"))
        elif not isinstance(chain, int) or not isinstance(level, int):
            problems.append(Problem(row.where, "example_id or level is no whole number"))
        elif not (isinstance(instruction, str) and isinstance(target, str) and isinstance(source, str)):
            problems.append(Problem(row.where, "instruction, target or source is no text"))
        elif level in chains[category, chain]:
            problems.append(Problem(row.where, f"level {level} of {category} {chain} occurs twice"))
        else:
            chains[category, chain][level] = (source, instruction, target)
    for (category, chain), levels in chains.items():
        if lacking := [level for level in LEVELS if not levels.get(level, ("", "", ""))[1]]:
            problems.append(Problem(f"{category} {chain}", f"lacks level {', '.join(map(str, lacking))}"))
    if not problems and (absent := [one for one in CATEGORIES if one not in {category for category, _ in chains}]):
        found = f"no items of {', '.join(absent)}"
        problems.append(Problem("eval.followbench.prompts", found, "name all six files of the repository's data/"))
    if problems:
        raise DataError(problems)
    return [
        _item(category, chain, level, chains[category, chain])
        for category, chain in sorted(chains, key=lambda key: (CATEGORIES.index(key[0]), key[1]))
        for level in LEVELS
    ]


def _item(category: str, chain: int, level: int, levels: dict[int, tuple[str, str, str]]) -> Item:
    source, _, target = levels[level]
    versions = tuple(levels[one][1] for one in range(level + 1) if one in levels)
    return Item(f"{category}/{chain}/{level}", category, source, chain, level, versions, target)

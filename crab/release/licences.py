"""What the licence of a source allows: whether its texts may be passed on, changed, and used commercially.

A table of what we know, not advice. A licence that is not in it, or not stated, allows nothing here.
Sources: the licences' own texts; ids as SPDX and the hub write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FREE = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "odc-by", "pddl", "cdla-permissive-2.0")
_CREATIVE_COMMONS = re.compile(r"cc-by(?P<nc>-nc)?(?P<share>-sa|-nd)?-(?P<version>[1-4]\.[05])")
_OTHER_NAMES = {"odc-by-1.0": "odc-by", "cc0": "cc0-1.0", "apache2": "apache-2.0", "apache-2": "apache-2.0"}


@dataclass(frozen=True, slots=True)
class Terms:
    """One licence."""

    hub_id: str
    """As the hub's cards name it."""
    forbids: str
    """Why it is left out by default; empty where it is not."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source of pairs, and what becomes of its records."""

    name: str
    licence: str
    """As the configuration states it; empty where it does not."""
    hub_id: str
    """`other` where the licence is unknown."""
    forbids: str
    included: bool


def terms(stated: str) -> Terms | None:
    """What a licence's name means; None where it is not known."""
    name = re.sub(r"[\s_]+", "-", stated.strip().lower())
    name = _OTHER_NAMES.get(name, name)
    if name in _FREE:
        return Terms(name, "")
    if found := _CREATIVE_COMMONS.fullmatch(name):
        reasons = []
        if found["nc"]:
            reasons.append("forbids commercial use")
        if found["share"] == "-nd":
            reasons.append("forbids passing on what is derived from it, as constraints are")
        return Terms(name, " and ".join(reasons))
    return None


def decide(names: list[str], stated: Mapping[str, str], include_restricted: bool) -> dict[str, Source]:
    """What becomes of each source.

    Args:
        names: The sources that records name.
        stated: Licence by source, `SeedConfig.all_licences`.
        include_restricted: Take what is flagged, too: the user knows what the licences allow.
    """
    found = {}
    for name in sorted(names):
        licence = stated.get(name, "")
        known = terms(licence)
        forbids = known.forbids if known else "is not known here" if licence else "is not stated (seed.licences)"
        hub_id = known.hub_id if known else "other"
        found[name] = Source(name, licence, hub_id, forbids, include_restricted or not forbids)
    return found


def together(sources: list[Source]) -> str:
    """What the hub is told of several sources: their licence where it is one, else `other`; the card lists them."""
    ids = {source.hub_id for source in sources}
    return ids.pop() if len(ids) == 1 else "other"

"""What was run, whether the results at hand are that run's, and the commands that give them again."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crab.config.section import PARAMS, read_params
from crab.tracking import identity, lineage, rows, story
from crab.tracking.identity import git
from crab.tracking.record import BOOKKEEPING

READ = tuple(
    f"results/{name}"
    for name in (
        *("seed.json", "backtranslate.json", "verify.json", "sft.json", "dpo.json"),
        *("metrics.json", "by_type.csv", "by_count.csv"),
    )
)
"""The results that the page is made of."""
MOST_OVERRIDES = 12
"""More changed values than these are given again as a file: nobody types them."""
_PLAIN = re.compile(r"[\w./:+-]+|\[.*\]|\{.*\}", re.ASCII)
"""Values that Hydra reads without quotes."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value that is not what it is compared with; None where it is not there."""

    key: str
    here: str | None
    there: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """The identity of what the page shows."""

    name: str
    family: str
    question: str
    """What its family, or its file in conf/experiment, asks."""
    commit: str
    dirty: bool
    """Whether the sources differ from that commit."""
    confidence: str
    """Of the intervals, in percent; 95 where params.yaml names none."""
    params_text: str
    digest: str
    """SHA-256 of params.yaml."""
    committed: bool
    """Whether params.yaml is the commit's."""
    conf_committed: bool
    """Whether conf/ is the commit's, so that overrides of it mean the same there."""
    changes: tuple[Change, ...] | None
    """Against conf/ as it stands; None where it could not be composed."""
    made_with: tuple[Change, ...]
    """Where params.yaml is no longer what the results were made with: what dvc.lock says of them."""
    not_locked: tuple[str, ...]
    """Result files that are not the ones which dvc.lock records."""
    lock: bool
    """Whether there is a dvc.lock at all."""

    @property
    def in_step(self) -> bool:
        """Whether the results are, as far as dvc.lock knows, those of params.yaml."""
        return self.lock and not self.made_with and not self.not_locked

    @property
    def commands(self) -> tuple[str, ...]:
        """What to type in a clone, to have the same results again."""
        first = [f"git checkout {self.commit}"] if self.commit else []
        if self.committed:
            return (*first, "make run")
        if self.conf_committed and self.changes is not None and 0 < len(self.changes) <= MOST_OVERRIDES:
            values = " \\\n  ".join(f"-S {shlex.quote(_override(change))}" for change in self.changes)
            return (*first, "make compose && source .venv/bin/activate", f"dvc exp run \\\n  {values}")
        return (*first, "# write all of params.yaml, as shown above, into params.yaml", "make run")


def build(root: Path, defaults: Mapping[str, Any] | None) -> Origin:
    """Look at params.yaml, dvc.lock and git.

    Args:
        root: The checkout, which is the current folder too.
        defaults: What conf/ composes to without overrides; None where that is not known.

    Raises:
        ConfigError: There is no readable params.yaml.
    """
    params = read_params(root / PARAMS)
    text = (root / PARAMS).read_text(encoding="utf-8")
    experiment = identity.current(params, root)
    path = root / lineage.LOCK
    lock = lineage.read(path.read_text(encoding="utf-8")) if path.exists() else {}
    flat = rows.parameters(params)
    return Origin(
        name=experiment.name,
        family=experiment.family,
        question=story.of_workspace(params, root)[0],
        commit=experiment.commit,
        dirty=experiment.dirty,
        confidence=f"{100 * float(flat.get('eval.confidence', 0.95)):g}",
        params_text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        committed=bool(experiment.commit) and git("show", f"HEAD:{PARAMS}", folder=root) == text,
        conf_committed=bool(experiment.commit) and not git("status", "--porcelain", "--", "conf", folder=root),
        changes=None if defaults is None else tuple(_compare(flat, rows.parameters(defaults))),
        made_with=tuple(_made_with(flat, lock)),
        not_locked=tuple(sorted(_not_locked(root, lock))),
        lock=bool(lock),
    )


def _compare(here: Mapping[str, str], there: Mapping[str, str]) -> list[Change]:
    keys = dict.fromkeys([*here, *there])
    return [Change(key, here.get(key), there.get(key)) for key in keys if here.get(key) != there.get(key)]


def _made_with(flat: Mapping[str, str], lock: Mapping[str, Any]) -> list[Change]:
    locked: dict[str, str] = {}
    asked: set[str] = set()
    for stage, entry in lock.items():
        if stage != BOOKKEEPING:
            values = (entry.get("params") or {}).get(str(PARAMS)) or {}
            asked |= set(values)
            locked |= rows.parameters(values)
    own = {
        key: value for key, value in flat.items() if any(key == name or key.startswith(f"{name}.") for name in asked)
    }
    return sorted(_compare(own, locked), key=lambda change: change.key)


def _not_locked(root: Path, lock: dict[str, Any]) -> set[str]:
    known = {path: md5 for stage in lock for path, md5 in lineage.outputs(lock, stage).items()}
    there = (name for name in READ if (root / name).exists())
    return {
        name
        for name in there
        if known.get(name) != hashlib.md5((root / name).read_bytes(), usedforsecurity=False).hexdigest()
    }


def _override(change: Change) -> str:
    """In Hydra's grammar: set, add or remove."""
    if change.here is None:
        return f"~{change.key}"
    value = change.here if _PLAIN.fullmatch(change.here) else _quoted(change.here)
    return f"{'' if change.there is not None else '++'}{change.key}={value}"


def _quoted(value: str) -> str:
    """In Hydra's quotes, where a backslash is one unless a quote follows."""
    return "'" + re.sub(r"(\\*)('|\Z)", lambda match: 2 * match[1] + ("\\'" if match[2] else ""), value) + "'"

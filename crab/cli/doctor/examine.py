"""All checks in their order, printed; the exit status says whether the configuration can run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from crab.cli.doctor import machine, models, needs, packages, repository, stores
from crab.cli.doctor.findings import Finding, look

SIGNS = {"ok": "ok     ", "warning": "WARNING", "problem": "PROBLEM"}


def run(root: Path, overrides: Sequence[str]) -> int:
    """Print every finding; returns the exit status: 1 where the configuration cannot run on this machine."""
    os.chdir(root)
    found: list[Finding] = []
    for title, findings in _sections(root, overrides):
        print(f"{title}")
        for finding in findings:
            print(f"  {SIGNS[finding.level]} {finding.about}: {finding.found}")
            if finding.mend and finding.level != "ok":
                print(f"          mend it: {finding.mend}")
        print(flush=True)
        found += findings
    table: list[tuple[str, ...]] = []
    unknown = look("models", partial(_keep, table, partial(models.rows, root)))
    print("what each model asks for (estimated), and whether this machine has it")
    for line in models.lines(table) if table else (f"{one.about}: {one.found}" for one in unknown):
        print(f"  {line}")
    counts = {level: sum(one.level == level for one in found) for level in SIGNS}
    asked = " ".join(overrides) or "params.yaml"
    verdict = "cannot run here" if counts["problem"] else "can run here"
    print(f"\n{asked} {verdict}: {counts['problem']} problems, {counts['warning']} warnings")
    return 1 if counts["problem"] else 0


def _sections(root: Path, overrides: Sequence[str]) -> Iterator[tuple[str, list[Finding]]]:
    yield "machine", [*look("machine", machine.system), *look("GPU", machine.gpu)]
    yield "packages", look("packages", partial(packages.check, root))
    values: list[dict[str, Any]] = []
    unread = look("configuration", partial(_keep, values, lambda: [needs.read(root, overrides)]))
    params = values[0] if values else {}
    yield "stores", [*look("stores", partial(stores.folders, root)), *_tracking(params)]
    yield (
        "repository",
        [
            *look("git", partial(repository.commits, root), "warning"),
            *look("params.yaml", partial(repository.in_step, root), "warning"),
        ],
    )
    yield f"configuration: {' '.join(overrides) or 'params.yaml'}", unread or _configuration(root, params)


def _keep(into: list[Any], read: Callable[[], Iterable[Any]]) -> tuple[Finding, ...]:
    """A check that finds nothing but what it reads."""
    into.extend(read())
    return ()


def _tracking(params: Mapping[str, Any]) -> list[Finding]:
    track = params.get("track")
    if not isinstance(track, Mapping):
        return []
    if track.get("name") != "mlflow":
        return [Finding("ok", "MLflow", f"not used: track = {track.get('name')}")]
    return look("MLflow", partial(stores.tracking, track.get("uri")))


def _configuration(root: Path, params: dict[str, Any]) -> list[Finding]:
    sound = look("values", partial(needs.values, params))
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "engines": partial(needs.engines, params),
        "files": partial(needs.files, root, params),
    }
    if not any(one.level == "problem" for one in sound):
        # These read typed sections, whose faults have just been told.
        checks |= {
            "memory": partial(needs.memory, params),
            "disk": partial(needs.disk, root, params),
            "access": partial(needs.access, params),
        }
    return [*sound, *(finding for about, check in checks.items() for finding in look(about, check))]

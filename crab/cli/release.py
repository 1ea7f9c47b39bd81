"""`crab release`: write the folders of a release, and push them where that is asked for."""

from __future__ import annotations

from pathlib import Path

from crab.cli import report
from crab.release import build, hub, markdown


def write(root: Path, out: Path, repo: str | None, include_restricted: bool) -> None:
    """Write the release, say what is in it, and push it if `repo` names a place.

    Raises:
        CrabError: The run is not complete, nothing of it may be released, or it cannot be pushed.
    """
    if repo is not None:
        hub.require(root, repo)
    made = build.build(root, out, report.defaults(root), include_restricted, repo)
    print(f"{out}")
    for name, splits in made.written.rows.items():
        print(f"  dataset, {name}: {', '.join(f'{count} {split}' for split, count in splits.items())}")
    for name in made.models:
        print(f"  model-{name}")
    proof = made.written.proof
    print(f"  {proof.checked} constraints checked again, {proof.false} false; {proof.judged} rest on a judge's word")
    for source in made.facts.restricted:
        records = made.written.records[source.name]
        what = "INCLUDED on request" if source.included else "left out; --include-restricted takes them"
        licence = markdown.plain(source.licence) or "its licence"
        print(f"  {markdown.plain(source.name)}: {records} records, {licence} {source.forbids}: {what}")
    if repo is not None:
        for address in hub.push(out, repo, made.models):
            print(f"  pushed (private): {address}")

"""Which runs need not be made again: their code and values decide, not the commit."""

from __future__ import annotations

from crab.cli.families import Point
from crab.cli.valid_runs import ValidRuns
from tests.tracking.toy_project import Project

SAME = Point("same", "same", 0, ())
OTHER = Point("other", "other", 0, ("sft.aux_weight=0.75",))


def test_code_and_values_decide(project: Project) -> None:
    head = project.run("git", "rev-parse", "HEAD").stdout.strip()
    # As DVC keeps experiments; both hold the committed params.yaml, which is what only one of the points composes to.
    for name in ("same", "other", "no_point_of_the_family"):
        project.run("git", "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", head)

    def valid() -> set[str]:
        return ValidRuns(project.root, [SAME, OTHER]).names()

    assert valid() == {"same"}
    (project.root / "notes.txt").write_text("Nothing that a run sees.\n")
    project.commit("A later commit")
    assert valid() == {"same"}
    for path, left in (("crab/cli/queue.py", {"same"}), ("crab/data/mix.py", set())):
        file = project.root / path
        before = file.read_text()
        file.write_text(before + "# An edit.\n")
        assert valid() == left, path
        file.write_text(before)
    assert valid() == {"same"}
    conf = project.root / "conf" / "config.yaml"
    conf.write_text(conf.read_text().replace("random_seed: 0 ", "random_seed: 1 "))
    assert valid() == set()

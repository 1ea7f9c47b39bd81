"""Families: their files, their points, what refuses to be queued, and the comparison's arithmetic."""

from __future__ import annotations

import random
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from crab.cli import compose, families, queue
from crab.cli.comparison import Scores, differences, paired, read
from crab.core.errors import ConfigError, CrabError
from tests.tracking.toy_project import ROOT, Project


@pytest.mark.parametrize("name", families.names(ROOT))
def test_every_point_of_every_family_composes(name: str) -> None:
    points = families.points(name, families.load(ROOT, name))
    assert len({point.name for point in points}) == len(points) > 1
    texts = {compose.composed(ROOT, point.overrides) for point in points}
    assert len(texts) == len(points), "two points are the same experiment"


def test_points_are_named_for_readers() -> None:
    family = families.Family(
        question="?", arms={"plain": ["mix=none"], "crab": []}, vary={"random_seed": [0, 1], "sft.aux_weight": [0.5]}
    )
    points = families.points("f", family)
    assert [point.name for point in points] == [
        "f-plain-aux_weight0.5-random_seed0",
        "f-plain-aux_weight0.5-random_seed1",
        "f-crab-aux_weight0.5-random_seed0",
        "f-crab-aux_weight0.5-random_seed1",
    ]
    assert points[1].overrides == ("mix=none", "random_seed=1", "sft.aux_weight=0.5", "track.family=f")
    assert (points[1].arm, points[1].random_seed) == ("plain-aux_weight0.5", 1)


def test_two_by_two() -> None:
    points = families.points("architecture_by_alpha", families.load(ROOT, "architecture_by_alpha"))
    assert [point.arm for point in points] == [
        "tiny-aux_weight0",
        "tiny-aux_weight0.5",
        "tiny_mistral-aux_weight0",
        "tiny_mistral-aux_weight0.5",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("question: x\n", "names neither arms nor anything to vary"),
        ("question: x\narm: {a: []}\n", "arm: Extra inputs are not permitted"),
        ("arms: {a: [x=1]}\n", "question: Field required"),
        ("question: [\n", "not YAML"),
    ],
)
def test_a_file_that_is_no_family(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "conf" / "family").mkdir(parents=True)
    (tmp_path / "conf" / "family" / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"conf/family/mine\.yaml") as caught:
        families.load(tmp_path, "mine")
    assert says in str(caught.value)


def test_a_family_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"there are: .*crab_vs_plain"):
        families.load(ROOT, "nope")


def test_untracked_sources_and_a_missing_identity_are_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    queue.check_ready(project.root)
    (project.root / "conf" / "model" / "mine.yaml").write_text("name: mine\n")
    (project.root / "notes.txt").write_text("no source\n")
    project.run("git", "config", "--unset", "user.email")
    with pytest.raises(CrabError) as caught:
        queue.check_ready(project.root)
    found = str(caught.value)
    assert len(caught.value.problems) == 2
    assert "untracked: conf/model/mine.yaml;" in found
    assert "user.email is not set" in found


def scores(seed: int, accuracy: float, prompts: int = 200) -> Scores:
    draw = random.Random(seed)
    ids = [f"{seed // 10}-{number}" for number in range(prompts)]
    return Scores(met={p: int(draw.random() < accuracy) for p in ids}, asked=dict.fromkeys(ids, 1))


def test_a_real_difference_is_found_and_none_is_not() -> None:
    low = {seed: scores(10 * seed, 0.2) for seed in range(4)}
    high = {seed: scores(10 * seed + 1, 0.5) for seed in range(4)}
    same = {seed: scores(10 * seed + 2, 0.2) for seed in range(4)}
    found = paired("high", high, low, "prompt")
    assert found is not None
    assert found.seeds is not None
    assert found.seeds.low is not None
    assert (found.seeds.n, found.prompts.n) == (4, 800)
    assert found.seeds.low > 0
    assert found.p < 0.01
    assert abs(found.prompts.mean - 0.3) < 0.1
    found = paired("same", same, low, "prompt")
    assert found is not None
    assert found.seeds is not None
    assert found.seeds.low is not None
    assert found.seeds.high is not None
    assert found.seeds.low < 0 < found.seeds.high
    assert found.p > 0.05


def test_one_of_many_differences_needs_more_to_count() -> None:
    """By itself the third arm is higher; among twenty arms that are all alike, such a one is expected."""
    runs = {"first": {0: scores(0, 0.30)}} | {f"same {n}": {0: scores(n, 0.30)} for n in range(1, 9)}
    text = shown(differences("met", runs | {"rather higher": {0: scores(9, 0.40)}}, "prompt"))
    assert "undecided: higher by itself, but one of 9 differences" in text
    text = shown(differences("met", runs | {"much higher": {0: scores(9, 0.70)}}, "prompt"))
    assert "higher, for this seed" in text


def shown(table: Table) -> str:
    console = Console(width=200, record=True, file=StringIO())
    console.print(table)
    return console.export_text()


def test_pairs_are_by_prompt_and_seed() -> None:
    one = {0: Scores(met={"a": 1, "b": 2}, asked={"a": 1, "b": 2})}
    other = {0: Scores(met={"b": 1, "c": 1}, asked={"b": 2, "c": 1})}
    found = paired("x", one, other, "instruction")
    assert found is not None
    assert found.seeds is None, "one seed has no interval over seeds"
    assert (found.prompts.n, found.prompts.mean) == (1, 0.5)
    assert paired("x", {0: one[0]}, {1: other[0]}, "prompt") is None


def test_reading_answers() -> None:
    text = (
        '{"model": "sft", "id": "a", "verdicts": [{"satisfied": true}, {"satisfied": false}]}\n'
        '{"model": "dpo", "id": "a", "verdicts": [{"satisfied": true}, {"satisfied": true}]}\n'
    )
    assert read(text, "sft", "run").of("prompt", ["a"]) == ([0.0], [1.0])
    assert read(text, "dpo", "run").of("instruction", ["a"]) == ([2.0], [2.0])
    with pytest.raises(CrabError, match="there are: dpo, sft"):
        read(text, "base", "run")

"""The note on a run's page, and where its question and its changes come from."""

from __future__ import annotations

from pathlib import Path

from crab.tracking import note, story
from crab.tracking.journal import Row

METRICS = {
    "heldout/base/prompt_strict": 0.09,
    "heldout/base/prompt_strict.n": 400.0,
    "heldout/sft/prompt_strict": 0.3875,
    "heldout/sft/prompt_strict.low": 0.34,
    "heldout/sft/prompt_strict.high": 0.435,
    "heldout/sft/prompt_strict.n": 400.0,
    "heldout/sft/words": 33.0,
    "heldout/differences/sft-base/prompt_strict": 0.2975,
    "heldout/differences/sft-base/prompt_strict.low": 0.245,
    "heldout/differences/sft-base/prompt_strict.high": 0.3475,
    "published/ifeval/average": 0.5,
}
ROW = Row(
    key="c.d/ab1/p",
    name="ab1",
    family="alpha",
    commit="c" * 40,
    dirty=False,
    status="finished",
    started=0.0,
    ended=1.0,
    params={},
    metrics=METRICS,
    stages={"seed": "from the cache", "base": "from the cache", "sft": "executed"},
    question="What does it add?",
    changes={"sft.aux_weight": ("0.25", "0.5")},
)


def test_the_story_of_a_run() -> None:
    lines = note.write(ROW, "r1").split("\n\n")
    assert lines[0] == "**What does it add?**"
    assert lines[1] == "Changed: `sft.aux_weight` = `0.5`, not `0.25`."
    assert lines[3] == "- heldout: sft 38.8 [34.0, 43.5], base 9.0 (n = 400)"
    assert lines[5] == "- heldout, sft − base: +29.8 [+24.5, +34.8]"
    assert "dvc exp apply ab1" in lines[6]
    assert lines[7] == "seed, base: from the cache; sft: executed"
    assert len(lines) == 8, "no figure without its file"


def test_many_changes_are_told_in_part() -> None:
    changes = {f"a.b{number}": ("0", "1") for number in range(20)}
    row = Row("k/workspace/p", "x", "", "", False, "running", 0.0, None, {}, changes=changes)
    text = note.write(row, "r1")
    assert "`a.b11`" in text
    assert "`a.b12`" not in text
    assert "and 8 more" in text
    assert note.summary(changes) == "a.b0=1, a.b1=1, a.b2=1, a.b3=1 and 16 more"


def test_questions_come_from_the_family_or_the_experiment() -> None:
    files = {
        "conf/family/alpha.yaml": "question: Which alpha?\nvary: {a: [1]}\n",
        "conf/experiment/no_reverse.yaml": "# @package _global_\n# What does it add? As before.\n#   a command\n",
    }
    assert (
        story.question({"name": "no_reverse", "track": {"family": "alpha"}}, lambda path: files.get(path, ""))
        == "Which alpha?"
    )
    assert (
        story.question({"name": "no_reverse", "track": {"family": ""}}, lambda path: files.get(path, ""))
        == "What does it add?"
    )
    assert story.question({"name": "default"}, lambda path: files.get(path, "")) == ""


def test_changes_are_those_that_change_results() -> None:
    default = "name: default\nsft: {aux_weight: 0.25, lora: null}\ntrack: {family: ''}\nold: 1\n"
    params = {"name": "x", "sft": {"aux_weight": 0.5, "lora": None}, "track": {"family": "f"}, "new": 2}
    assert story.changes(params, default) == {
        "sft.aux_weight": ("0.25", "0.5"),
        "new": (story.NOT_THERE, "2"),
        "old": ("1", story.NOT_THERE),
    }
    assert story.changes(params, "") == {}


def test_values_that_follow_another_are_left_out() -> None:
    default = "random_seed: 0\nseed: {world_seed: 0}\nmodel: {sft: {rate: 1}}\nsft: {rate: 1, random_seed: 0}\n"
    follows = {"random_seed": 5, "seed": {"world_seed": 5}, "model": {"sft": {"rate": 2}}}
    assert story.changes({**follows, "sft": {"rate": 2, "random_seed": 5}}, default) == {
        "random_seed": ("0", "5"),
        "model.sft.rate": ("1", "2"),
    }
    assert "sft.rate" in story.changes({**follows, "sft": {"rate": 3, "random_seed": 5}}, default)


def test_a_folder_without_git_has_no_changes(tmp_path: Path) -> None:
    assert story.of_workspace({"name": "x"}, tmp_path) == ("", {})

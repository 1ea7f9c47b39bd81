"""The published table adds up where it can, and what does not is noted."""

from __future__ import annotations

import pytest

from crab.report import published, table

FOUR = ("prompt_level_strict_acc", "inst_level_strict_acc", "prompt_level_loose_acc", "inst_level_loose_acc")
LEVELS = ("L1", "L2", "L3", "L4", "L5")
ALL = published.load().rows
ROWS = [row for row in ALL if "L1" in row.followbench]


def test_fourteen_rows() -> None:
    assert len(ALL) == 14
    assert len(ROWS) == 8


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.model)
def test_the_cards_averages_follow_from_each_other(row: published.PublishedRow) -> None:
    """Of two and three levels, and of both benchmarks; each number is rounded to a tenth."""
    levels = row.followbench
    assert (2 * levels["L1-L2"] + 3 * levels["L3-L5"]) / 5 == pytest.approx(levels["average"], abs=0.101)
    assert (row.ifeval["average"] + levels["average"]) / 2 == pytest.approx(row.average, abs=0.101)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.model)
def test_averages_follow_from_the_other_numbers(row: published.PublishedRow) -> None:
    """As the paper computes them: of four accuracies, of five levels, and of both averages; rounding allowed."""
    ifeval = sum(row.ifeval[name] for name in FOUR) / 4
    followbench = sum(row.followbench[name] for name in LEVELS) / 5
    assert ifeval == pytest.approx(row.ifeval["average"], abs=0.07)
    assert followbench == pytest.approx(row.followbench["average"], abs=0.07)
    assert row.average == pytest.approx((ifeval + followbench) / 2, abs=0.1)
    for name, part in (("L1-L2", LEVELS[:2]), ("L3-L5", LEVELS[2:])):
        assert sum(row.followbench[level] for level in part) / len(part) == pytest.approx(
            row.followbench[name], abs=0.07
        )


def test_rows_that_no_responses_can_give_are_noted() -> None:
    """Loose accepts whatever strict accepts, so strict is never above loose."""
    for row in ROWS:
        impossible = any(row.ifeval[f"{level}_level_strict_acc"] > row.ifeval[f"{level}_level_loose_acc"]
                         for level in ("prompt", "inst"))  # fmt: skip
        assert impossible == ("strict 36.8 is above loose 35.1" in row.note), row.model


def test_published_and_measured_stand_in_one_table() -> None:
    block = {"mean": 0.4321, "low": 0.4, "high": 0.5, "n": 541}
    console = table.wide_console()
    with console.capture() as captured:
        table.print_published({"ifeval": {"version": 1, "mine": dict.fromkeys((*FOUR, "average"), block)}}, console)
    lines = captured.get().splitlines()
    assert any(line.split() == ["mine", "measured", *["43.2"] * 5, *["-"] * 8] for line in lines)
    assert any("Mistral-Crab+DPO" in line and "published" in line and "59.3" in line for line in lines)
    assert any("arXiv 2410.24175" in line for line in lines)

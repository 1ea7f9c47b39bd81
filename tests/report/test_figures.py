"""Pictures as files of their own."""

from __future__ import annotations

import xml.dom.minidom
from pathlib import Path

from crab.core import io
from crab.report import figures
from tests.report import small_project


def test_every_picture_stands_alone(small: Path) -> None:
    small_project.journal(small)
    drawn = figures.draw(small)
    assert list(drawn) == [
        "figures/accuracy_by_count_heldout.svg",
        "figures/accuracy_by_type_heldout.svg",
        "figures/curve_sft_loss_of_each_task.svg",
        "figures/information.svg",
        "figures/left_out.svg",
        "figures/kept.svg",
    ]
    for name, text in drawn.items():
        picture = xml.dom.minidom.parseString(text).documentElement
        assert picture.tagName == "svg", name
        assert picture.getAttribute("aria-label"), "told to who cannot see it"
        assert float(picture.getAttribute("height")) > 100
        assert picture.getElementsByTagName("script") == []
        assert text.count("http") == 1, "the name space alone: nothing is fetched"


def test_names_in_data_are_text(small: Path) -> None:
    text = figures.draw(small)["figures/accuracy_by_count_heldout.svg"]
    assert "my&lt;model&gt;" in text


def test_the_ledger_is_drawn_where_a_model_was_asked(small: Path) -> None:
    deciding = io.read_json(small / "results/verify.json")
    cost = {"accepted": 5, "requests": 2.5, "prompt_tokens": 10, "completion_tokens": 3}
    io.write_json(small / "results/verify.json", {**deciding, "teacher": {"cost_per_accepted": {"style": cost}}})
    text = figures.draw(small)["figures/ledger.svg"]
    assert ">style<" in text
    assert "2.5 (5 accepted)" in text


def test_nothing_is_drawn_from_nothing(tmp_path: Path) -> None:
    assert figures.draw(tmp_path) == {}

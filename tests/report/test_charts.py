"""Pictures: what they say to who cannot see them, and where they put things."""

from __future__ import annotations

import re

from crab.report import charts
from crab.report.charts import Line, Mark
from tests.report.pages import Page


def test_marks_say_their_numbers() -> None:
    picture = Page(charts.marks([Mark("sft", 0.5, 0.4, 0.6), Mark("a<b", 1.0, None, None)], ["sft", "a<b"]))
    assert picture.tags[0].attributes["aria-label"] == "sft 50.0 (interval 40.0 to 60.0); a<b 100.0"
    classes = [tag.attributes["class"] for tag in picture.all("g")]
    assert classes == ["m-sft", "m-other1"]


def test_places_follow_the_numbers() -> None:
    lines = Page(charts.marks([Mark("sft", 0.5, 0.0, 1.0)], ["sft"])).all("line")
    whisker = next(tag for tag in lines if "class" not in tag.attributes)
    assert (whisker.attributes["x1"], whisker.attributes["x2"]) == ("2.00%", "98.00%")
    inside = Page(charts.difference(Mark("d", 3.0, -9.0, 9.0), 1.0)).all("line")[-1]
    assert (inside.attributes["x1"], inside.attributes["x2"]) == ("2.00%", "98.00%")


def test_an_axis_has_round_numbers() -> None:
    assert [tag.text for tag in Page(charts.axis()).all("text")] == ["0", "25", "50", "75", "100"]
    assert [tag.text for tag in Page(charts.axis(-0.3, 0.3)).all("text")] == ["-20", "0", "20"]


def test_strangers_differ_from_each_other() -> None:
    names = ["base", "x", "y", "z"]
    assert [charts.style(name, names) for name in names] == ["base", "other1", "other2", "other3"]


def test_a_trend_leaves_out_what_is_not_there() -> None:
    series = [("sft", [Mark("sft", 0.5, 0.4, 0.6), None, Mark("sft", 0.2, None, None)])]
    picture = Page(charts.trend("title", ["1", "2", "3"], series))
    assert len(picture.all("path")) == 2
    assert len([tag for tag in picture.all("line") if tag.attributes.get("class") == "thin"]) == 1


def test_curves() -> None:
    steep = Line("loss", ((1, 100.0), (2, 10.0), (3, 1.0)))
    assert charts.is_logarithmic([steep])
    points = Page(charts.curves("loss", [steep])).all("polyline")[0].attributes["points"]
    assert points == "0.00,0.00 50.00,50.00 100.00,100.00"
    flat = charts.curves("loss", [Line("loss", ((1, 2.0), (2, 2.0)))])
    assert "nan" not in flat
    assert not charts.is_logarithmic([Line("reward", ((1, -1.0), (2, 50.0)))])
    assert charts.curves("none", []) == ""


def test_columns_of_a_histogram() -> None:
    tall = [float(tag.attributes["height"]) for tag in Page(charts.histogram("bits", [4, 2, 0], [0, 1, 2])).all("rect")]
    assert tall[0] == 2 * tall[1] > tall[2] == 0


def test_a_scale_without_extent() -> None:
    assert re.search(r'x1="50', charts.difference(Mark("d", 0.0, 0.0, 0.0), 0.0))

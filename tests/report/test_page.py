"""The report: what it says, what it must not do, and what it says where files are missing."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from crab.core import io
from crab.core.errors import CrabError
from crab.core.records import EvalPrompt, Rejected
from crab.report import answers, page, stored
from crab.report.ablations import Ablation, Arm
from crab.report.charts import Mark
from tests.report import small_project
from tests.report.pages import Page


def made(root: Path, with_journal: bool = False) -> Page:
    return Page(page.render(page.build(root, small_project.DEFAULTS, with_journal)))


def test_it_tells_what_was_measured(small: Path) -> None:
    text = made(small).section("results")
    sft = io.read_json(small / "results/metrics.json")["heldout"]["sft"]["prompt_strict"]
    shown = f"{100 * sft['mean']:.1f} [{100 * sft['low']:.1f}, {100 * sft['high']:.1f}]"
    assert shown in text
    assert "80.0" in shown  # the last of five answers is wrong
    assert "sft − base" in text
    assert "my<model> − sft" in text
    assert "percent [95 % interval]" in text
    assert "Mistral-Crab+DPO" in text
    assert "published" in text
    assert "so the paper's rows stand alone here" in text


def test_answers_stand_with_their_verdicts(small: Path) -> None:
    report = page.build(small, None, False)
    assert report.answers is not None
    assert [one.model for one in report.answers.scored] == ["base", "sft", "my<model>"]
    text = Page(page.render(report)).section("results")
    sft = report.answers.scored[1]
    assert f"sft: all met {' '.join(sft.response.split())} met: {sft.verdicts[0].reason}" in text
    prompts = stored.records(small / "data/verified/prompts_heldout.jsonl", EvalPrompt)
    io.write(small / "data/verified/prompts_heldout.jsonl", [replace(one, constraints=()) for one in list(prompts)])
    assert answers.build(small) is None


def test_the_paper_beside_what_was_measured(small: Path) -> None:
    metrics = io.read_json(small / "results/metrics.json")
    block = {"mean": 0.4321, "low": 0.4, "high": 0.5, "n": 541}
    io.write_json(small / "results/metrics.json", {**metrics, "ifeval": {"dpo": {"prompt_level_strict_acc": block}}})
    parsed = made(small)
    ours = [tag.text.split() for tag in parsed.all("tr") if tag.attributes.get("class") == "ours"]
    assert ours == [["dpo", "measured", "43.2", "[40.0,", "50.0]", *["–"] * 12]]
    assert "stand alone" not in parsed.section("results")


def test_the_funnel_counts(small: Path) -> None:
    text = made(small).section("funnel")
    for words in (
        "pairs read 7",
        "pairs kept 5",
        "preference pairs 1",
        "prompts of heldout 5",
    ):
        assert words in text
    assert "ordinary conversations" not in text  # these metrics do not count them
    for words in ("seed pairs evaluation prompt 1", "sft training rows too <long> 1", "verify constraints redundant"):
        assert words in text
    line = next(iter(stored.records(small / "data/verified/rejected.jsonl", Rejected)))
    assert f"“{line.record['constraint']['text']}”: {line.detail}" in text, "an example of what was left out"


def test_the_question_is_told(small: Path) -> None:
    (small / "conf/experiment").mkdir(parents=True)
    params = small / "params.yaml"
    params.write_text(params.read_text().replace("small & <i>sound</i>", "smaller"))
    (small / "conf/experiment/smaller.yaml").write_text("# @package _global_\n# Is it <b>smaller</b>? Yes.\n")
    assert "question Is it <b>smaller</b>?" in made(small).section("run")


def test_one_record_is_followed(small: Path) -> None:
    report = page.build(small, None, False)
    assert report.journey is not None
    assert report.journey.seed.id == "s4"  # the only one with a reverse row and a pair
    assert [fate.used for fate in report.journey.fates].count(True) == 2
    assert any(not fate.kept and fate.why.startswith("redundant: ") for fate in report.journey.fates)
    assert all(fate.kept == (not fate.why) for fate in report.journey.fates)
    text = Page(page.render(report)).section("record")
    assert "alert('own')" in text
    assert "The rejected one fails what the chosen one meets: length:num_words." in text


def test_the_browser_counts_and_marks_what_a_witness_quotes(small: Path) -> None:
    report = page.build(small, None, False)
    assert report.browser is not None
    kept = io.read_json(small / "results/verify.json")["constraints"]
    assert sum(category.kept for category in report.browser.categories) == kept == sum(report.browser.histogram)
    title = next(k for c in report.browser.categories for k in c.kinds if k.name == "title:wrapped")
    assert [part.text for part in title.examples[0].response if part.marked] == ["<<A walk>>"]
    assert "<<A walk>>" in [tag.text for tag in Page(page.render(report)).all("mark")]
    found = next(k for c in report.browser.categories for k in c.kinds if k.rejected)
    assert found.share == found.kept / (found.kept + sum(found.rejected.values()))


def test_ablations_stand_where_they_are_asked_for(small: Path) -> None:
    plain = Arm(Mark("plain", 0.25, 0.2, 0.3), "3 seeds", None, "the first arm")
    crab = Arm(Mark("crab <new>", 0.5, 0.4, 0.6), "3 seeds", Mark("crab − plain", 0.25, 0.125, 0.375), "higher")
    one = Ablation("alpha", "Does it help?", "sft", "all constraints met", (plain, crab), ("alpha-2",))
    assert one.limit == 0.375
    text = Page(page.render(page.build(small, None, False, [one]))).section("ablations")
    for words in (
        "alpha, sft: all constraints met Does it help?",
        "plain 25.0 [20.0, 30.0] 3 seeds – the first arm",
        "crab <new> 50.0 [40.0, 60.0] 3 seeds +25.0 [+12.5, +37.5] higher",
        "not here: alpha-2",
    ):
        assert words in text
    assert "ablations" not in made(small).html.partition("<nav")[2]


def test_what_was_run_and_how_to_have_it_again(small: Path) -> None:
    parsed = made(small)
    assert "sft.aux_weight 0.5 0.25" in parsed.section("run")
    assert "There is no dvc.lock here" in parsed.html
    assert "Nothing is committed" in parsed.section("again")


def test_no_model_was_asked_and_overlap_was_looked_for(small: Path) -> None:
    parsed = made(small)
    assert "No model was asked" in parsed.section("ledger")
    assert "ifeval 1 any of them 1" in parsed.section("contamination")


def test_the_ledger_of_a_teacher_and_a_judge(small: Path) -> None:
    cost = {"requests": 3, "prompt_tokens": 1200, "completion_tokens": 60, "money": 0.25}
    proposing = io.read_json(small / "results/backtranslate.json")
    deciding = io.read_json(small / "results/verify.json")
    io.write_json(
        small / "results/backtranslate.json",
        {**proposing, "teacher": {"proposed": 10, "cost": {"propose": cost, "total": cost}}},
    )
    per_accepted = {"style": {"accepted": 0}, "total": {"accepted": 4, **cost}}
    io.write_json(
        small / "results/verify.json",
        {
            **deciding,
            "teacher": {"accepted": 4, "cost_per_accepted": per_accepted},
            "judge": {"cost": {"judge": cost}, "audit": {"n": 8, "precision": 0.75}},
        },
    )
    text = made(small).section("ledger")
    for words in (
        "10 constraints proposed by the teacher, 4 accepted",
        "8 cases), the judge's yes has precision 75.0 % and recall unknown",
        "teacher together 3 1,200 60 0.25",
        "style 0 – – – –",
    ):
        assert words in text


def test_nothing_of_the_data_becomes_markup(small: Path) -> None:
    parsed = made(small)
    assert not parsed.all("script")
    assert not parsed.all("img")
    assert not parsed.all("i")
    assert not parsed.all("b")
    assert "49" not in re.findall(r"\{\{ 7 \* 7 \}\}|\b49\b", parsed.section("record"))
    assert not [name for tag in parsed.tags for name in tag.attributes if name.startswith("on")]
    assert "\x1b" not in parsed.html
    assert "\u202e" not in parsed.html
    assert "⟨U+202E⟩esrever⟨U+202C⟩ ⟨U+001B⟩[31m" in parsed.section("record")


def test_it_loads_nothing(small: Path) -> None:
    parsed = made(small, with_journal=True)
    assert parsed.loads() == []
    policy = next(tag.attributes["content"] for tag in parsed.all("meta") if "http-equiv" in tag.attributes)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    style = next(tag.text for tag in parsed.all("style"))
    assert "url(" not in style
    assert "@import" not in style
    assert Page("<img src='x.png'>").loads() == ["x.png"]


def test_it_is_accessible(small: Path) -> None:
    small_project.journal(small)
    parsed = made(small, with_journal=True)
    assert parsed.all("html")[0].attributes["lang"] == "en"
    for svg in [tag for tag in parsed.all("svg") if "svg" not in tag.parents]:
        told = (
            svg.attributes.get("aria-label") if svg.attributes.get("role") == "img" else svg.attributes["aria-hidden"]
        )
        assert told
    assert len(parsed.all("table")) == len(parsed.all("caption")) > 8
    assert all("scope" in tag.attributes for tag in parsed.all("th"))
    levels = [int(tag.name[1]) for tag in parsed.tags if re.fullmatch("h[1-6]", tag.name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [tag.attributes["id"] for tag in parsed.tags if "id" in tag.attributes]
    assert len(ids) == len(set(ids))
    targets = {tag.attributes["href"] for tag in parsed.all("a")}
    assert targets <= {f"#{id_}" for id_ in ids}
    scrolling = [tag for tag in parsed.tags if tag.attributes.get("class") == "scroll"]
    assert all(tag.attributes["tabindex"] == "0" and tag.attributes["aria-label"] for tag in scrolling)


def test_equal_results_give_equal_bytes(small: Path) -> None:
    first = made(small).html
    small_project.journal(small)
    assert made(small).html == first
    timed = made(small, with_journal=True).html
    without = re.sub(r'<section id="journal".*?</section>', "", timed, flags=re.S)
    assert re.sub(r'<li><a href="#journal">.*?</li>\n', "", without) == first


def test_curves_are_those_of_the_results(small: Path) -> None:
    small_project.journal(small)
    parsed = made(small, with_journal=True)
    text = parsed.section("journal")
    assert "sft 12.5" in text  # not the other execution, which was later
    assert "Not in this journal: seed, backtranslate, verify, base, dpo, eval" in text
    told = [tag.attributes.get("aria-label", "") for tag in parsed.all("svg")]
    assert "SFT: loss of each task: forward from 4 to 0.75; reverse from 9 to 0.25" in told
    assert "logarithmic" in text


def test_experiments_beside_each_other(small: Path) -> None:
    small_project.journal(small)
    report = page.build(small, None)
    assert report.recorded is not None
    assert [(row.name, row.here, row.differs) for row in report.recorded.beside] == [
        ("small", True, ()),
        ("no reverse", False, ("sft.aux_weight = 0",)),
    ]
    assert report.recorded.models == ("chance", "base", "sft", "my_model_")  # as MLflow takes it
    sft = io.read_json(small / "results/metrics.json")["heldout"]["sft"]["prompt_strict"]
    assert next(m for m in report.recorded.beside[0].marks if m.name == "sft").low == sft["low"]
    assert "small (this page)" in Page(page.render(report)).section("journal")


def test_no_journal_at_all(small: Path) -> None:
    text = made(small, with_journal=True).section("journal")
    assert "No curves" in text


def test_missing_parts_are_said(small: Path) -> None:
    shutil.rmtree(small / "data")
    shutil.rmtree(small / "results")
    parsed = made(small, with_journal=True)
    for name in ("results/metrics.json", "results/by_count.csv", "results/by_type.csv"):
        assert name in parsed.section("results")
    assert "the numbers of seed, backtranslate, verify, sft, dpo, eval" in parsed.section("funnel")
    for section in ("record", "constraints", "ledger", "contamination"):
        assert "Not here:" in parsed.section(section)
    assert "Mistral-Crab" in parsed.section("results")


@pytest.mark.parametrize("name", ["results/seed.json", "results/metrics.json", "data/verified/train.jsonl"])
def test_a_broken_file_is_named(small: Path, name: str) -> None:
    (small / name).write_text("[1")
    with pytest.raises(CrabError, match=re.escape(name)):
        made(small)


def contrast(first: str, second: str) -> float:
    """Ratio of relative luminances, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def test_colours_can_be_told_from_their_ground() -> None:
    style = (page.TEMPLATES / "pictures.jinja").read_text(encoding="utf-8")
    schemes = [
        dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", style, re.S)
    ]
    assert len(schemes) == 3
    for colours in schemes:
        for text in ("ink", "quiet", "link", "good", "bad"):
            for ground in ("ground", "raised"):
                assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["mark-ink"], colours["mark"]) >= 4.5
        for drawn in ("bar", "chance", "base", "sft", "dpo", "other1", "other2", "other3"):
            assert contrast(colours[drawn], colours["ground"]) >= 3, drawn
    assert contrast("#ffffff", "#000000") == pytest.approx(21)

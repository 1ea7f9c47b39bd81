"""The CommonMark structure: what was built is what is found."""

import json
import os
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab.core import markdown

WORD = st.from_regex(r"\A[a-z]{1,8}\Z")
WORDS = st.lists(WORD, min_size=1, max_size=5).map(" ".join)


def test_structure_comes_from_the_parser_and_knows_its_lines():
    found = markdown.parse(
        "# é\n\n- a\n  1. b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```py\n- no\n```\n*i* **b**\n\n---"
    )
    assert (found.bullets, found.top_bullets, found.numbered, found.top_numbered) == (1, 1, 1, 0)
    assert found.headings == (markdown.Heading(1, 0, "é"),)
    assert found.tables == (markdown.Table(("x", "y"), 1, 5, 7),)
    assert found.code == (markdown.Fence("py", "- no\n", 9, 11),)
    assert (found.emphasis, found.bold, found.rules) == (1, ("b",), (14,))


def test_items_say_what_they_are():
    found = markdown.parse("* **Salt**: a\n  *pinch* of `it`\n\n  more\n  - sub\n* b\n\n> 3) **c\n>    d")
    assert found.items == (
        markdown.Item(1, "*", True, "Salt: a pinch of it more"),
        markdown.Item(2, "-", False, "sub"),
        markdown.Item(1, "*", False, "b"),
        markdown.Item(1, ")", False, "**c d"),
    )
    assert (found.quotes, found.depth) == (1, 2)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("**A**", ["A"]),
        ("**A:**\n\n**B**:\n\ntext", ["A:", "B"]),
        ("**A** text", []),
        ("text **A**", []),
        ("**A**\ntext", []),
        ("**A** **B**", []),
        ("**A *b* `c`**", ["A b c"]),
        ("- **A**\n\n> **B**", []),
    ],
)
def test_a_paragraph_that_is_all_bold_is_a_bold_line(text, lines):
    assert markdown.parse(text).bold_lines == tuple(lines)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("-*+"), st.booleans(), WORDS), min_size=1, max_size=12))
def test_lists_are_found_as_they_were_built(spec):
    lines, expected, level = [], [], 0
    for wanted, marker, bold, text in spec:
        level = min(wanted, level + 1) if expected else 0  # nobody skips a level
        head, _, tail = text.partition(" ")
        said = f"**{head}** {tail}".strip() if bold else text
        lines.append(f"{'  ' * level}{marker} {said}")
        expected.append(markdown.Item(level + 1, marker, bold, text))
    found = markdown.parse("\n".join(lines))
    assert found.items == tuple(expected)
    assert found.bullets == len(expected)


@given(st.lists(WORDS, min_size=1, max_size=6), st.integers(1, 6), WORDS)
def test_tables_are_found_as_they_were_built(header, rows, before):
    table = ["| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *[header] * rows]]
    found = markdown.parse("\n".join([before, "", *table, "", before]))
    assert found.tables == (markdown.Table(tuple(header), rows, 2, 3 + rows),)


@given(st.lists(st.tuples(st.sampled_from(["python", "JSON", ""]), st.lists(WORDS, max_size=3)), max_size=4))
def test_fences_are_found_as_they_were_built(blocks):
    text = "\n\n".join("\n".join([f"```{info}", *lines, "```"]) for info, lines in blocks)
    found = markdown.parse(text)
    assert [(fence.info, fence.code) for fence in found.code] == [
        (info, "".join(f"{line}\n" for line in lines)) for info, lines in blocks
    ]
    assert [fence.language for fence in found.code] == [info.lower() for info, _ in blocks]


@given(st.lists(st.tuples(st.integers(1, 6), WORDS), max_size=8))
def test_headings_are_found_as_they_were_built(spec):
    text = "\n\n".join(f"{'#' * level} {words}" for level, words in spec)
    found = [(heading.level, heading.line, heading.text) for heading in markdown.parse(text).headings]
    assert found == [(level, 2 * number, words) for number, (level, words) in enumerate(spec)]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="-*+>#|`~_[]()<>!:.\\ \n\ta1é", max_size=80))
def test_any_text_has_a_structure(text):
    found = markdown.parse(text)
    assert found.bullets + found.numbered == len(found.items)
    assert all(item.marker in "-*+.)" for item in found.items)
    assert len(found.bold_lines) <= len(found.bold)


def test_formulas_are_told_from_prices():
    assert markdown.formulas("It costs $5 or $6. But $x^2$ and $$\ny\n$$") == ["x^2", "\ny\n"]


@pytest.mark.parametrize("unit", ["- ", "> ", "**", "- a\n", "*a", "[", "[a](", "|a|\n|-|\n", "`", "![", "1) "])
def test_time_is_linear(unit):
    started = time.process_time()
    half = unit * (100_000 // len(unit))
    markdown.parse(half * 3)
    markdown.parse(f"{half}{'word ' * 20_000}{half}")
    assert time.process_time() - started < 5  # linear: 0.3 s; quadratic would take hours


SHARED = Path(os.environ.get("CRAB_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.mark.skipif(not (SHARED / "seeds").is_dir(), reason=f"no real responses at {SHARED}; set CRAB_SHARED_DATA")
@pytest.mark.parametrize("every", [20, pytest.param(1, marks=pytest.mark.slow)])
def test_another_parser_finds_the_same_in_real_responses(every):
    library = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    lines = [line for file in sorted((SHARED / "seeds").glob("*.jsonl")) for line in file.open(encoding="utf-8")]
    for line in lines[::every]:
        text = json.loads(line)["output"].replace("\r\n", "\n")
        ours = markdown.parse(text)
        tokens = library.parse(text)
        theirs = Counter(token.type for token in tokens)
        theirs += Counter(child.type for token in tokens for child in token.children or ())
        assert [item.marker for item in ours.items] == [t.markup for t in tokens if t.type == "list_item_open"]
        assert [heading.line for heading in ours.headings] == [t.map[0] for t in tokens if t.type == "heading_open"]
        assert [fence.code for fence in ours.code] == [t.content for t in tokens if t.type == "fence"]
        assert len(ours.tables) == theirs["table_open"]
        assert sum(table.rows + 1 for table in ours.tables) == theirs["tr_open"]
        assert len(ours.rules) == theirs["hr"]
        assert (len(ours.bold), ours.emphasis) == (theirs["strong_open"], theirs["em_open"])
        assert (ours.links, ours.images) == (theirs["link_open"], theirs["image"])

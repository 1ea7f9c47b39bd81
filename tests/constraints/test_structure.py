"""Structure: what a response has is stated, as it was built, and what it lacks is not."""

import csv
import io
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab import constraints
from crab.constraints.registry import TYPES
from crab.core.records import Constraint
from crab.core.text import Measures

STRUCTURE = {
    name: kind for name, kind in TYPES.items() if name.partition(":")[0] in {"items", "format", "emphasis", "letter"}
}
WORD = st.from_regex(r"\A[a-z]{2,8}\Z")


def derived(response, instruction="", seeds=8):
    """Everything that some seed says of the response: type -> the parameters."""
    found = {}
    for seed in range(seeds):
        for constraint in constraints.derive(response, instruction, random_seed=seed):
            found.setdefault(constraint.type, []).append(constraint.params)
    return found


def satisfied(name, response, **params):
    return constraints.check(Constraint(name, params, ""), response).satisfied


@settings(max_examples=60, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=6), st.integers(1, 9))
def test_tables_have_the_columns_and_rows_that_they_were_made_with(header, rows):
    table = [header, ["---"] * len(header), *[["x"] * len(header)] * rows]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in table)
    assert satisfied("items:num_columns", text, relation="exactly", n=len(header))
    assert satisfied("items:num_rows", text, relation="exactly", n=rows)
    assert satisfied("format:table_header", text, names=list(dict.fromkeys(header))) == (len({*header}) == len(header))
    assert not satisfied("items:num_columns", text, relation="exactly", n=len(header) + 1)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=2, max_size=8),
    st.sampled_from(["-", "*", "+", "1.", "1)"]),
)
def test_lists_have_the_items_that_they_were_made_with(items, marker):
    lines = [f"{marker} {'**One** ' if bold else 'one '}{'two ' * (words - 1)}" for words, bold in items]
    text = "\n".join(lines)
    longest = max(words for words, _ in items)
    assert satisfied("items:words_per_item", text, n=longest)
    assert longest == 1 or not satisfied("items:words_per_item", text, n=longest - 1)
    assert satisfied("items:bold_lead", text) == all(bold for _, bold in items)
    assert [other for other in ("-", "*", "+", "1.", "1)") if satisfied("items:marker", text, marker=other)] == [marker]
    assert not satisfied("format:nested_list", text)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORD, st.integers() | WORD, min_size=1, max_size=6))
def test_json_has_the_keys_that_it_was_made_with(value):
    for text in (json.dumps(value), f"Here:\n\n```json\n{json.dumps(value, indent=2)}\n```\n"):
        keys = [*value]
        assert satisfied("format:json_keys", text, relation="exactly", keys=keys)
        assert not satisfied("format:json_keys", text, relation="at least", keys=[*keys[1:], "another"])
        assert satisfied("format:json_length", text, relation="exactly", n=len(value))
        assert satisfied("format:json_values", text, kind="string") == all(isinstance(v, str) for v in value.values())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text("ab ,\"'", min_size=1), min_size=3, max_size=3), min_size=3, max_size=8))
def test_csv_has_the_columns_and_rows_that_it_was_made_with(rows):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([["x", "y", "z"], *rows])
    for text in (buffer.getvalue(), f"```csv\n{buffer.getvalue()}```"):
        assert satisfied("format:csv_columns", text, relation="exactly", n=3)
        assert satisfied("format:csv_rows", text, relation="exactly", n=len(rows))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 8), st.sampled_from(["Part", "DAY", "Act"]))
def test_sections_are_counted_as_they_were_made(count, label):
    text = "\n\n".join(f"**{label} {number}:** words" for number in range(1, count + 1))
    assert satisfied("format:sections", text, relation="exactly", label=label, n=count)
    found = derived(text).get("format:sections", [])
    assert all(params["label"] == label for params in found)
    assert bool(found) == (count > 1)


PIECES = st.sampled_from(
    [
        *(
            "- **a**: b.",
            "  - c",
            "* d",
            "+ e",
            "• f",
            "1. g",
            "2) h",
            "   1. i",
            "- ",
            "> quote",
            ">> more",
            "***",
            "---",
        ),
        *("| a | b |\n|---|---|\n| 1 | 2 |", "|x|\n|-|", "# T", "## U", "T\n===", "**Bold**", "__B__:", "*i*", "`c`"),
        *(
            "```json\n{}\n```",
            "```py\nx\n```",
            "```csv\na,b\n1,2\n```",
            "~~~xml\n<a/>\n~~~",
            "```",
            '{"a": [1]}',
            "[2, 3]",
        ),
        *(
            "<p>x</p>",
            "<a/>",
            "<b>",
            "k: v",
            "name: Ann",
            "- k: v",
            "Name: text",
            "a,b,c",
            "1,2,3",
            "\\begin{a}",
            "\\end{a}",
        ),
        *(
            "$x^2$",
            "\\[y\\]",
            "$5",
            "[l](http://a.b)",
            "https://a.b/c",
            "![i](j)",
            "Part 1",
            "Part 2",
            "Step 1: a",
            "Dear Bo,",
        ),
        *(
            "Best regards,",
            "Subject: x",
            "* * *",
            "___",
            "text",
            "More text here.",
            "\u200b",
            "שלום",
            "<<T>>",
            "\\",
            "    code",
        ),
    ]
)
TEXTS = st.lists(st.tuples(PIECES, st.sampled_from(["\n", "\n\n", " ", "\n  "])), max_size=14).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)
ASKING = "Write a list, a table, code and a link with an image in bold html."


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, seed=st.integers(0, 9))
def test_what_is_derived_of_any_structure_is_true_under_every_reading(text, seed):
    m, told = Measures(text), Measures(ASKING)
    for name, kind in STRUCTURE.items():
        for params in kind.derive(m, told, lambda: random.Random(seed)):
            assert not kind.form(params).problems(params), name
            for reading in kind.readings:
                found = kind.check(m, params, reading)
                assert found.satisfied, (name, params, reading)
                assert found.measured


@pytest.mark.parametrize(
    ("response", "name", "params"),
    [
        ('{"name": "Ann", "age": 3}', "format:json_keys", {"relation": "exactly", "keys": ["name", "age"]}),
        ('[{"a": 1}, {"a": 2, "b": 3}]', "format:json_keys", {"relation": "at least", "keys": ["a"]}),
        ("name: Ann\nage: 3", "format:yaml", {}),
        ("a,b\n1,2\n3,4", "format:csv", {}),
        ("<ul><li>a</ul>", "format:html", {}),
        ("<list><item/></list>", "format:xml_root", {"tag": "list"}),
        ("\\begin{align*}\na\n\\end{align*}", "format:latex_environment", {"name": "align*"}),
        ("Dear Ms. Fox,\n\nno.\n\nYours sincerely,\nBo", "letter:closing", {"closing": "Yours sincerely"}),
        ("# T\n\na\n\n## A\n\nb\n\n## B\n\nc", "format:heading_level", {"relation": "exactly", "level": 2, "n": 2}),
    ],
)
def test_what_a_response_has_is_stated(response, name, params):
    assert params in derived(response)[name]


@pytest.mark.parametrize(
    ("response", "absent"),
    [
        ("1. Salt: a pinch\n2. Oil: a spoon", {"format:yaml", "items:marker", "format:definitions"}),
        ("Note: it rains.\nStay: it ends.", {"format:csv", "items:label"}),
        ("Well, yes.\nOf course, no.\nOh, fine.", {"format:csv"}),
        ("It costs $5, or $6 with tax = 1.", {"format:num_formulas"}),
        ("Question 1 asks for more\n\nQuestion 2 is easy", {"format:sections"}),
        ("A short text.", {"format:no_markdown", "format:without"}),
    ],
)
def test_what_nobody_would_say_of_a_response_is_not_stated(response, absent):
    assert not absent & derived(response).keys()


def test_what_is_missing_is_stated_where_the_instruction_makes_one_expect_it():
    response = "One line.\n\nTwo lines.\n\nThree lines.\n\nFour lines."
    assert "format:without" not in derived(response, "Tell me about lines.")
    assert {"part": "tables"} in derived(response, "Compare them in a table.")["format:without"]


@pytest.mark.parametrize(
    ("name", "stronger", "weaker"),
    [
        ("items:words_per_item", {"n": 5}, {"n": 9}),
        ("format:deepest_heading", {"level": 2}, {"level": 3}),
        ("format:json_keys", {"relation": "exactly", "keys": ["a", "b"]}, {"relation": "at least", "keys": ["b"]}),
        ("format:json_keys", {"relation": "at least", "keys": ["a", "b"]}, {"relation": "at least", "keys": ["b"]}),
        (
            "format:heading_level",
            {"relation": "exactly", "level": 2, "n": 3},
            {"relation": "at least", "level": 2, "n": 2},
        ),
    ],
)
def test_implication(name, stronger, weaker):
    strong, weak = Constraint(name, stronger, ""), Constraint(name, weaker, "")
    assert constraints.implies(strong, weak)
    assert not constraints.implies(weak, strong)


@pytest.mark.parametrize(
    ("text", "name", "params"),
    [
        ('Use the JSON keys "a" and "b".', "format:json_keys", {"relation": "at least", "keys": ["a", "b"]}),
        ("Use a markdown table with exactly 3 columns.", "items:num_columns", {"relation": "exactly", "n": 3}),
        ("Please use a code block in Python.", "format:code_language", {"language": "python"}),
        ("Don't use any tables.", "format:without", {"part": "tables"}),
        ("Do not use markdown.", "format:no_markdown", {}),
        ("Each bullet point should be at most 12 words.", "items:words_per_item", {"n": 12}),
        ("Start each bullet point with a bold term.", "items:bold_lead", {}),
        ("Include at least 2 URLs.", "format:num_addresses", {"relation": "at least", "n": 2}),
        ("Respond only in YAML.", "format:yaml", {}),
        ('Sign off with "Best regards".', "letter:closing", {"closing": "Best regards"}),
    ],
)
def test_what_people_write_about_structure_is_read(text, name, params):
    parsed = constraints.parse(text)
    assert parsed is not None
    assert (parsed.type, parsed.params) == (name, params)

"""JSON, XML, HTML, YAML, CSV and LaTeX: what was built is read, what is broken is named, nothing is expanded."""

import csv
import io
import json
import time
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab.core import csvtext, jsontext, latex, markup, yamltext

NAME = st.from_regex(r"\A[a-z]{1,8}\Z")
TEXT = st.text(alphabet="ab ,\"'<>&{}[]:é\\-", max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAME, inner, max_size=4),
    max_leaves=10,
)


@given(st.lists(VALUES, max_size=4) | st.dictionaries(NAME, VALUES, max_size=4))
def test_json_on_lines_of_its_own_is_found(value):
    text = json.dumps(value, indent=1)
    assert jsontext.parse(text) == (value, "")
    assert jsontext.on_lines(f"Here it is:\n{text}\nDone.".split("\n")) == value
    assert jsontext.first_of(["no", f"\n{text}\n"]) == value


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=2, max_size=6))
def test_csv_rows_are_read_as_they_were_written(rows):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    assert csvtext.parse(buffer.getvalue()) == (rows, "")


@given(st.dictionaries(NAME, st.lists(NAME, min_size=1, max_size=3), min_size=1, max_size=4))
def test_yaml_keys_are_read_as_they_were_written(value):
    text = "\n".join(line for key, items in value.items() for line in [f"{key}:", *(f"  - '{item}'" for item in items)])
    found, problem = yamltext.parse(text.replace("y:", "'y':") if "y" in value else text)
    assert not problem
    assert [*found.values()] == [*value.values()]


TREES = st.recursive(NAME.map(lambda tag: (tag, [])), lambda inner: st.tuples(NAME, st.lists(inner, max_size=3)))


def element(tree):
    made = ElementTree.Element(tree[0])
    made.text = "a < b"
    made.extend([element(child) for child in tree[1]])
    return made


@given(TREES)
def test_xml_is_well_formed_until_a_tag_is_lost(tree):
    text = ElementTree.tostring(element(tree), encoding="unicode")
    assert markup.xml(text) == (tree[0], "")
    assert markup.xml(text[: text.rindex("<")])[1]


HTML = st.recursive(
    st.sampled_from(["<br>", "<img src=a>", "<p>a", "<p>a</p>", "<b>a</b>"]),
    lambda inner: st.tuples(st.sampled_from(["div", "section", "table", "ul"]), st.lists(inner, max_size=3)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
)


@given(HTML)
def test_html_is_right_until_a_tag_is_lost(fragment):
    assert markup.html(f"<main>{fragment}</main>") == ""
    assert markup.html(f"<main>{fragment}<i>")
    assert markup.html(f"<main>{fragment}</i></main>")
    assert markup.html(f"text {fragment}")


ENVIRONMENTS = st.recursive(
    st.just("a \\{ % }\n"),
    lambda inner: st.tuples(st.sampled_from(["itemize", "align*", "table"]), st.lists(inner, max_size=3)).map(
        lambda pair: f"\\begin{{{pair[0]}}}{{x}}{''.join(pair[1])}\\end{{{pair[0]}}}"
    ),
)


@given(ENVIRONMENTS)
def test_latex_is_balanced_until_an_end_is_lost(text):
    found = latex.scan(text)
    assert found.problem == ""
    assert len(found.environments) == text.count("\\begin")
    assert latex.scan(f"\\begin{{a}}{text}").problem
    assert latex.scan(f"{text}}}").problem


def test_formulas_between_every_kind_of_delimiter():
    assert latex.formulas(r"$a$ \(b\) \[c\] $$d$$ `$e$` \\[2pt] $5 and $6") == ["a", "d", "b", "c"]


@pytest.mark.parametrize(
    ("parse", "text", "problem"),
    [
        (markup.xml, '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', "declares entities"),
        (yamltext.parse, "a: " + "[" * 5000, "nested too deeply"),
        (yamltext.parse, "- " * 5000 + "a", "nested too deeply"),
        (yamltext.parse, "a: !!python/name:os.system x", "could not determine a constructor"),
        (yamltext.parse, "a: 2020-99-99", "month"),
        (yamltext.parse, "a: b\n" * 5000, "longer than"),
        (yamltext.parse, "An ordinary sentence: it has a colon.\nAnd then none", "line 2"),
        (jsontext.parse, "[" * 100_000, "nested too deeply"),
        (csvtext.parse, 'a,b\n"' + "x" * 200_000, "field larger"),
    ],
)
def test_what_means_harm_is_refused(parse, text, problem):
    assert problem in parse(text)[1]


def test_yaml_aliases_are_shared_not_copied():
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    value, problem = yamltext.parse(f"a0: &a0 [x]\n{levels}")
    assert not problem
    assert value["a9"][0] is value["a8"]


@pytest.mark.parametrize(
    "unit", ["<a>", "</a>", "<a ", "<!--", "<p>", "&a;", "a,", 'a,"', "a: b\n", "\\begin{a}", "\\[", "$", "{", "`", "%"]
)
def test_time_is_linear(unit):
    text = unit * (200_000 // len(unit))
    started = time.process_time()
    for read in (markup.xml, markup.html, csvtext.parse, yamltext.parse, latex.scan, latex.formulas):
        read(text)
        read(f"<a>{text}>")
    assert time.process_time() - started < 5  # linear: 0.5 s


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="<>/ab!?-:&'\"[]{},\n \\%$#*|", max_size=60))
def test_any_text_is_read_or_its_fault_is_named(text):
    for problem in (markup.html(text), markup.xml(text)[1], yamltext.parse(text)[1], csvtext.parse(text)[1]):
        assert isinstance(problem, str)
    latex.formulas(text)
    assert isinstance(latex.scan(text).problem, str)

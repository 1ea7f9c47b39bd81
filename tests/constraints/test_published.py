"""IFEval's published types: each can be checked, said with our types, and derived."""

import json
import os
from pathlib import Path

import pytest

from crab import constraints
from crab.constraints.published import DIFFERENCES, PUBLISHED, published, typed
from crab.constraints.registry import TYPES
from crab.core.errors import ParameterError
from crab.core.records import Constraint

SHARED = Path(os.environ.get("CRAB_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
PROMPTS = SHARED / "ifeval" / "input_data.jsonl"

PROSE = (
    "The harbour lights go out. The river sleeps, and the river dreams of boats.\n\n"
    "However, nobody rows tonight because the river is high and the wind is cold.\n\n"
    "Morning comes late. Boats return with quiet crews, quick hands and a quarrel."
)

# id, arguments, a response that follows, one that does not
EXAMPLES = [
    ("keywords:existence", {"keywords": ["river", "boats"]}, PROSE, "A river."),
    ("keywords:frequency", {"keyword": "river", "frequency": 2, "relation": "at least"}, PROSE, "A river."),
    ("keywords:forbidden_words", {"forbidden_words": ["sea", "ship"]}, PROSE, "The sea."),
    ("keywords:letter_frequency", {"letter": "#", "let_frequency": 2, "let_relation": "less than"}, "# a", "## a"),
    ("keywords:letter_frequency", {"letter": "q", "let_frequency": 3, "let_relation": "at least"}, PROSE, "Quay."),
    ("language:response_language", {"language": "de"}, "Der Fluss ist hoch und der Wind weht kalt vom Meer.", PROSE),
    ("length_constraints:number_sentences", {"num_sentences": 6, "relation": "less than"}, PROSE, PROSE + PROSE),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "One.\n\n***\n\nTwo.", "One.\n\nTwo."),
    ("length_constraints:number_words", {"num_words": 3, "relation": "less than"}, "two words", "now three words"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 3, "nth_paragraph": 2, "first_word": "however"},
        PROSE,
        PROSE.replace("However", "Still"),
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "Dear [name] of [town],", "Dear [name],"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "Bye.\n\nP.P.S. Wave.", "Bye.\n\nP.S. Wave."),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n* b", "* a"),
    ("detectable_format:constrained_response", {}, "My answer is maybe.", "Perhaps."),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and *b*", "*a*"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Section", "num_sections": 2},
        "Section 1\nA.\n\nSection 2\nB.",
        "Section 1\nA.",
    ),
    ("detectable_format:json_format", {}, '{"a": 1}', "a: 1"),
    ("detectable_format:title", {}, "<<The River>>\n\nIt flows.", "The River"),
    ("combination:two_responses", {}, "Yes.\n******\nNo.", "Yes."),
    ("combination:repeat_prompt", {"prompt_to_repeat": 'Say "hi".\nNow.'}, 'Say "hi".\nNow.\n\nHi!', "Hi!"),
    ("startend:end_checker", {"end_phrase": "Is that all?"}, "Yes. Is that all?", "Is that all? Yes."),
    ("startend:quotation", {}, '"A river."', "A river."),
    ("change_case:english_capital", {}, "THE RIVER IS HIGH AND THE WIND IS COLD TODAY.", "The river"),
    ("change_case:english_lowercase", {}, "the river is high and the wind is cold today.", "The river"),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        "NASA and the EU",
        "NASA",
    ),
    ("punctuation:no_comma", {}, "No mark of that kind.", "One, two."),
]

# Where the response above that follows is too short to say something of it, or the instruction matters.
LONG = "The harbour lights go out, and the river sleeps until the boats come home with quiet crews."
DERIVED_FROM = {
    "language:response_language": ("Der Fluss ist hoch und der Wind weht kalt vom Meer, und niemand rudert heute.", ""),
    "length_constraints:number_words": (PROSE, ""),
    "change_case:english_capital": (LONG.upper(), ""),
    "change_case:english_lowercase": (LONG.lower(), ""),
    "combination:repeat_prompt": ("Name a river. The Ebro.", "Name a river."),
}


def test_all_25_have_an_example():
    assert len(PUBLISHED) == 25
    assert {name for name, *_ in EXAMPLES} == set(PUBLISHED)
    assert set(DIFFERENCES) <= set(PUBLISHED)
    assert {kind.ifeval for kind in TYPES.values()} - {""} == set(PUBLISHED)


@pytest.mark.parametrize(("name", "arguments", "follows", "breaks"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_each_is_checked(name, arguments, follows, breaks):
    constraint = Constraint(type=name, params=arguments, text="")
    verdicts = constraints.check_each(constraint, [follows, breaks])
    assert [verdict.satisfied for verdict in verdicts] == [True, False]
    assert all(verdict.reason for verdict in verdicts)
    assert next(iter(constraints.check_readings(constraint, breaks).values())) is False
    assert constraints.implies(constraint, constraint)
    assert any(constraints.mutate(constraint, follows)), "no edit breaks it"


@pytest.mark.parametrize(("name", "arguments", "follows", "breaks"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_there_and_back(name, arguments, follows, breaks):
    ours = [Constraint(type=type_, params=params, text="") for type_, params in typed(name, arguments)]
    told = published(ours)
    if name == "combination:repeat_prompt":
        arguments = {"prompt_to_repeat": "Say “hi“. Now."}  # as it can be quoted
    assert (name, arguments) in told
    # What the published instructions say is what ours say.
    again = [Constraint(type=name, params=arguments, text="") for name, arguments in told]
    for response in (follows, breaks):
        agreed = [all(v.satisfied for v in constraints.check_all(asked, response)) for asked in (ours, again)]
        assert agreed[0] == agreed[1]


@pytest.mark.parametrize(("name", "follows"), {e[0]: e[2] for e in EXAMPLES}.items())
def test_each_is_derived(name, follows):
    response, instruction = DERIVED_FROM.get(name, (follows, ""))
    found = {
        told for seed in range(40) for told, _ in published(constraints.derive(response, instruction, random_seed=seed))
    }
    assert name in found


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("length_constraints:number_words", {"num_words": 5}, "relation: is missing"),
        ("length_constraints:number_words", {"num_words": 5, "relation": None}, "relation: is missing"),
        ("length_constraints:number_words", {"num_words": 5, "relation": "at most"}, "'less than' or 'at least'"),
        ("length_constraints:number_words", {"num_words": 0, "relation": "less than"}, "nothing is less than 0"),
        ("length_constraints:number_words", {"num_words": "5", "relation": "at least"}, "not a whole number"),
        ("keywords:existence", {"keywords": []}, "not a list of texts"),
        (
            "keywords:letter_frequency",
            {"letter": "ab", "let_frequency": 1, "let_relation": "at least"},
            "single letter",
        ),
        ("startend:quotation", {"mark": '"'}, "mark: is unknown"),
        ("language:response_language", {"language": "Klingon"}, "is not one of"),
        ("keywords:existance", {}, "did you mean 'keywords:existence'"),
    ],
)
def test_unsound_arguments_are_errors_never_verdicts(name, arguments, message):
    with pytest.raises(ParameterError) as caught:
        constraints.check(Constraint(type=name, params=arguments, text=""), PROSE)
    assert message in str(caught.value)


def test_an_id_that_is_also_a_name_of_ours_is_told_by_its_arguments():
    ours = Constraint("keywords:frequency", {"relation": "at most", "word": "river", "n": 2}, "")
    theirs = Constraint("keywords:frequency", {"relation": "less than", "keyword": "river", "frequency": 3}, "")
    for response in (PROSE, "A river."):
        assert constraints.check(ours, response).satisfied == constraints.check(theirs, response).satisfied


def test_published_json_may_stand_in_a_fence_as_its_sentence_says():
    fenced = '```json\n{"a": 1}\n```'
    assert constraints.check(Constraint("detectable_format:json_format", {}, ""), fenced).satisfied
    assert not constraints.check(Constraint("format:json", {}, ""), fenced).satisfied


@pytest.mark.skipif(not PROMPTS.is_file(), reason=f"no IFEval prompts at {PROMPTS}; set CRAB_SHARED_DATA")
def test_every_published_instruction_has_a_meaning():
    for line in PROMPTS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for name, arguments in zip(row["instruction_id_list"], row["kwargs"], strict=True):
            verdict = constraints.check(Constraint(type=name, params=arguments, text=""), PROSE)
            assert verdict.reason

"""The sentences: a golden list of what we say, and what people say."""

import json
from pathlib import Path

import pytest

from crab import constraints
from crab.constraints.phrasing import Form, Lexicon, Number, Phrase, fill, skeleton
from crab.constraints.registry import TYPES

GOLDEN = Path(__file__).parent / "phrasings.json"
HEARD = json.loads((Path(__file__).parent / "heard.json").read_text(encoding="utf-8"))


def spoken():
    return {
        name: {" ".join(map(str, form.fixed.values())): list(form.phrasings) for form in kind.forms}
        for name, kind in TYPES.items()
    }


def test_types_and_phrasings_are_as_agreed():
    """A changed sentence changes data. Rewrite the list with `PYTHONPATH=. python <this file>`, and say why."""
    assert spoken() == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_every_form_has_six_phrasings_or_more_and_no_two_alike():
    for kind in TYPES.values():
        for form in kind.forms:
            assert len(form.phrasings) >= 6
            assert len(set(form.phrasings)) == len(form.phrasings)


@pytest.mark.parametrize("heard", HEARD, ids=lambda heard: heard["text"])
def test_what_people_write(heard):
    parsed = constraints.parse(heard["text"])
    assert parsed is not None
    assert (parsed.type, parsed.params, parsed.text) == (heard["type"], heard["params"], heard["text"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello there.",
        "Write a poem about 200 words.",
        "Do not use 5 words.",
        "Use about three bullet points or so, and no commas.",
        'Include "a" or "b".',
        'Include the word "a" unless you mention "b".',
        "Use at least 3.5 sentences.",
        "Use at least 10% words.",
        "You don't need to use at least 50 words.",
        "Try to use at most 50 words.",
        "Your response should be in English, and in all lowercase letters.",
        "Use at least 3 bullet points and at most 50 words.",
        "Use between 9 and 3 words.",
        'Start with "".',
        "x" * 2000,
    ],
)
def test_what_is_not_known_for_sure_is_not_read(text):
    assert constraints.parse(text) is None


def test_parsed_parameters_are_the_callers_own():
    text = 'Include the word "cat".'
    constraints.parse(text).params["words"].append("dog")
    assert constraints.parse(text).params == {"words": ["cat"]}


def test_agreement_follows_the_number():
    form = Form(slots={"n": Number()}, phrasings=("Use {n} [word|words].", "Use fewer than {n:+1} [word|words]."))
    assert [fill(form.phrasings[0], form, {"n": n}) for n in (0, 1, 2)] == [
        "Use 0 words.",
        "Use 1 word.",
        "Use 2 words.",
    ]
    assert fill(form.phrasings[1], form, {"n": 0}) == "Use fewer than 1 word."


def test_two_types_that_say_the_same_are_found_out():
    same = Form(slots={"n": Number()}, phrasings=("Use {n} words.",))
    with pytest.raises(ValueError, match="reads like"):
        Lexicon({"a:b": [same], "c:d": [Form(slots={"n": Number()}, phrasings=("Please use {n} words.",))]})
    with pytest.raises(ValueError, match="does not show every slot"):
        Lexicon({"a:b": [Form(slots={"n": Number(), "word": Phrase()}, phrasings=("Use {n} words.",))]})


def test_skeletons_take_numbers_and_quotations_out():
    assert skeleton('Use "a", "b" and "c" twenty-one times')[1] == (("a", "b", "c"), 21)
    assert skeleton("Don't use 'don't'; say ‘do not’")[1] == (("do not",),)
    assert skeleton("Use [ 'a', `b` ]")[1] == (("a", "b"),)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(spoken(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

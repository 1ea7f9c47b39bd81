"""What must hold of every type, whatever the parameters and the text."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crab import constraints
from crab.constraints.letters import Letter
from crab.constraints.phrasing import Choice, Number, Phrase, Phrases, fill
from crab.constraints.registry import TYPES
from crab.core.records import Constraint
from crab.core.text import PARAGRAPH_READINGS, SENTENCE_READINGS, WORD_READINGS, Measures

FORMS = [(name, form) for name, kind in TYPES.items() for form in kind.forms]

PHRASE = st.from_regex(r"\A[\w'’.,!?*()$&-]{1,9}( [\w'’.,!?*()$&“-]{1,9}){0,3}\Z").filter(
    lambda text: Phrase(5).problem(text) is None
)


def values(slot):
    match slot:
        case Number():
            return st.one_of(st.integers(slot.least, 40), st.integers(slot.least, slot.most))
        case Phrase():
            return PHRASE.filter(lambda text: slot.problem(text) is None)
        case Phrases():
            return st.lists(PHRASE, min_size=1, max_size=4, unique_by=str.lower)
        case Letter():
            return st.one_of(st.sampled_from("aqzQ#'é"), st.characters()).filter(
                lambda text: slot.problem(text) is None
            )
        case Choice():
            return st.sampled_from(sorted(slot.styles))
        case _:
            raise AssertionError(f"no values for {slot}")


def parameters(form):
    params = st.fixed_dictionaries({name: values(slot) for name, slot in form.slots.items()})
    return params.map(lambda found: {**form.fixed, **found}).filter(lambda found: not form.problems(found))


PIECES = st.sampled_from(
    """In_short,|Sure!|The_cat_sat.|NASA|*stress*|**bold**|-_a_dog|1._one|2._two|Step_1:_dig.|Step_2:_plant!|#_Head|***|
    ---|P.S._call_me.|<<A_Title>>|Dear_Ann,|{"a":_1}|[1,_2]|```|```python|x_=_1|harbour_lantern_harbour|"|“yes”|
    |_a_|_b_|#|---|---|#|Mr._Fox_(e.g._Bob)_slept...|What?|ALL_CAPS_HERE|don't|state-of-the-art|1,000.5|你好，世界。|שלום|
    😀|\u200b|\u2028|•_item|>_quote|https://example.org/a_b|!|so_be_it|I_am|(a)|;|:|—|…""".replace("\n    ", "").split(
        "|"
    )
).map(lambda piece: piece.replace("_", " ").replace("#---", "|---"))
TEXTS = st.lists(st.tuples(PIECES, st.sampled_from([" ", "\n", "\n\n", ""])), max_size=25).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)
ANY_TEXT = st.one_of(TEXTS, st.text(max_size=200), TEXTS.map(str.upper), TEXTS.map(str.lower), TEXTS.map('"{}"'.format))


@pytest.mark.parametrize(("name", "form"), FORMS, ids=[f"{name} {dict(form.fixed) or ''}" for name, form in FORMS])
def test_what_is_rendered_parses_back(name, form):
    @settings(max_examples=25, deadline=None)
    @given(params=parameters(form))
    def every_phrasing(params):
        for template in form.phrasings:
            text = fill(template, form, params)
            parsed = constraints.parse(text)
            assert parsed is not None, text
            assert (parsed.type, parsed.params) == (name, params), text

    every_phrasing()


@settings(max_examples=150, deadline=None)
@given(response=ANY_TEXT, instruction=TEXTS, seed=st.integers(0, 5))
def test_whatever_is_derived_is_true_under_every_reading_and_reads_back(response, instruction, seed):
    derived = constraints.derive(response, instruction, random_seed=seed)
    for constraint in derived:
        assert constraints.check(constraint, response).satisfied, constraint
        assert all(constraints.check_readings(constraint, response).values()), constraint
        parsed = constraints.parse(constraint.text)
        assert parsed is not None
        assert (parsed.type, parsed.params) == (constraint.type, constraint.params)
        assert constraint.witness
    assert derived == constraints.derive(response, instruction, random_seed=seed)


@settings(max_examples=150, deadline=None)
@given(text=ANY_TEXT)
def test_no_derive_proposes_what_the_proof_then_refuses(text):
    m, told = Measures(text), Measures("Tell me about the harbour.")
    for name, kind in TYPES.items():
        for params in kind.derive(m, told, lambda: random.Random(0)):
            assert not kind.form(params).problems(params)
            assert all(kind.check(m, params, reading).satisfied for reading in kind.readings), (name, params)


@settings(max_examples=100, deadline=None)
@given(text=ANY_TEXT, n=st.integers(1, 40))
def test_at_least_n_and_fewer_than_n_disagree(text, n):
    for name, kind in TYPES.items():
        relations = {form.fixed.get("relation") for form in kind.forms}
        if not {"at least", "at most"} <= relations:
            continue
        rest = {k: v for k, v in kind.example.items() if k not in ("relation", "n")}
        many = Constraint(name, {**rest, "relation": "at least", "n": n}, "")
        few = Constraint(name, {**rest, "relation": "at most", "n": n - 1}, "")
        assert constraints.check(many, text).satisfied != constraints.check(few, text).satisfied


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=300))
def test_any_text_is_read_or_not_but_never_fails(text):
    parsed = constraints.parse(text)
    if parsed is not None:
        constraints.check(parsed, text)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), text=ANY_TEXT)
def test_implication_holds_on_responses(data, text):
    name, form = data.draw(st.sampled_from([pair for pair in FORMS if pair[1].slots]))
    a = Constraint(name, data.draw(parameters(form)), "")
    b = Constraint(name, data.draw(parameters(data.draw(st.sampled_from(TYPES[name].forms)))), "")
    assert constraints.implies(a, a)
    if constraints.implies(a, b) and constraints.check(a, text).satisfied:
        assert constraints.check(b, text).satisfied


@settings(max_examples=100, deadline=None)
@given(words=st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), max_size=60), n=st.integers(0, 60))
def test_words_are_counted_as_they_were_built(words, n):
    constraint = Constraint("length:num_words", {"relation": "at least", "n": n}, "")
    assert constraints.check(constraint, " ".join(words)).satisfied == (len(words) >= n)
    assert set(constraints.check_readings(constraint, " ".join(words)).values()) == {len(words) >= n}


@settings(max_examples=150, deadline=None)
@given(text=ANY_TEXT)
def test_measures_are_whole(text):
    m = Measures(text)
    for reading in SENTENCE_READINGS:
        spans = m.sentences(reading)
        assert all(0 <= start < end <= len(m.text) for start, end in spans)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    for reading in WORD_READINGS:
        assert m.word_count(reading) == len(m.words(reading))
    for reading in PARAGRAPH_READINGS:
        assert m.paragraph_count(reading) <= max(1, len(m.lines))

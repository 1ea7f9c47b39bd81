"""A word that narrows a sentence must not be lost: the sentence is then not read, or read as a type that says so."""

import random
import re

import pytest

from crab import constraints
from crab.constraints.phrasing import Choice, Number, Phrase, Phrases, fill
from crab.constraints.registry import TYPES

FORMS = [(name, form) for name, kind in TYPES.items() for form in kind.forms]
QUALIFIERS = (
    "in the second paragraph",
    "per section",
    "on average",
    "except in quotations",
    "in the title",
    "if possible",
    "in most sentences",
    "for each of the items",
    "before the conclusion",
    "or so",
)


def example(form):
    """Sound parameters of a form, the same ones each time."""
    params = dict(form.fixed)
    for number, (name, slot) in enumerate(form.slots.items()):
        match slot:
            case Number():
                params[name] = max(slot.least, min(slot.most, 7 + number))
            case Phrases():
                params[name] = ["harbour", "lantern"]
            case Choice():
                params[name] = sorted(slot.styles)[0]
            case Phrase():
                params[name] = next(text for text in ("harbour", "q") if slot.problem(text) is None)
            case _:
                params[name] = slot.sample(number)
    return params


def qualified(sentence, qualifier):
    """The sentence with the qualifier at its end, at its beginning, and between two of its words."""
    bare = sentence.rstrip(".!")
    yield f"{bare} {qualifier}."
    yield f"{qualifier.capitalize()}, {bare[:1].lower()}{bare[1:]}."
    yield f"{bare}, {qualifier}."
    gaps = [match.start() for match in re.finditer(r" ", bare) if bare[: match.start()].count('"') % 2 == 0]
    if gaps:
        place = random.Random(sentence).choice(gaps)
        yield f"{bare[:place]} {qualifier}{bare[place:]}."


@pytest.mark.parametrize(("name", "form"), FORMS, ids=[f"{name} {dict(form.fixed) or ''}" for name, form in FORMS])
def test_a_qualified_sentence_is_not_read_as_the_plain_one(name, form):
    if form.problems(params := example(form)):
        pytest.skip("no simple parameters")
    said = []
    for template in form.phrasings:
        sentence = fill(template, form, params)
        assert constraints.parse(sentence) is not None, sentence
        for qualifier in QUALIFIERS:
            for text in qualified(sentence, qualifier):
                read = constraints.parse(text)
                if read is not None and read.type == name:
                    said.append((text, read.params))
    assert said == []

"""The language of a response: which ones there are, and when one is stated."""

import pytest

from crab import constraints
from crab.constraints.language import LANGUAGES

SPANISH = "El barco sale del puerto por la mañana y vuelve cuando cae la noche sobre el río."
ENGLISH = "The boat leaves the harbour in the morning and returns when night falls on the river."


def stated(response, instruction=""):
    """The languages stated under many seeds."""
    return {
        constraint.params["language"]
        for seed in range(40)
        for constraint in constraints.derive(response, instruction, random_seed=seed)
        if constraint.type == "language:is"
    }


def test_both_identifiers_know_every_language():
    import pycld2
    from py3langid import langid

    labels = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE).labels
    assert set(LANGUAGES) <= set(labels)
    assert {"iw" if code == "he" else code for code in LANGUAGES} <= {code for _, code in pycld2.LANGUAGES}


@pytest.mark.parametrize(
    ("response", "instruction", "languages"),
    [
        (SPANISH, "Tell me of a boat.", {"es"}),
        (ENGLISH, "Cuéntame algo de un barco en el puerto.", {"en"}),
        (ENGLISH, "Tell me of a boat in the harbour.", {"en"}),
        ("Sí.", "Is it so?", set()),
        ("for x in range(10): print(x, x ** 2, [x], {x: 1})\nwhile (a[1] != b[2]): a[3] += (b[4] - 5) % 6", "", set()),
    ],
)
def test_a_language_is_stated_only_if_it_is_sure(response, instruction, languages):
    assert stated(response, instruction) == languages


def test_the_language_of_the_instruction_goes_mostly_without_saying():
    said = [
        any(c.type == "language:is" for c in constraints.derive(ENGLISH, "Tell me of a boat.", random_seed=seed))
        for seed in range(100)
    ]
    assert 0 < sum(said) < 30

"""The public interface: errors, determinism, the leak guard, implication, the taxonomy."""

import subprocess
import sys

import pytest

from crab import constraints
from crab.constraints.registry import JUDGED, TYPES
from crab.core.errors import ParameterError
from crab.core.records import Constraint

RESPONSE = (
    "In short, the harbour sleeps. The harbour lights shine on the water! Good night, harbour.\n\nP.S. Bring a coat."
)


def constraint(type_, **params):
    return Constraint(type=type_, params=params, text="")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (constraint("length:num_words", relation="at least"), "n: is missing"),
        (constraint("length:num_words", n=3), "relation is missing"),
        (constraint("length:num_words", relation="almost", n=3), "relation is 'almost'"),
        (constraint("length:num_words", relation="at least", n="3"), "n: '3' is not a whole number"),
        (constraint("length:num_words", relation="at least", n=True), "n: True is not a whole number"),
        (constraint("length:num_words", relation="at least", n=3.0), "n: 3.0 is not a whole number"),
        (constraint("length:num_words", relation="at least", n=-1), "n: -1 is not between"),
        (constraint("length:num_words", relation="at least", n=3, unit="words"), "unit: is unknown"),
        (constraint("length:num_words", relation="between", low=9, high=3), "high: 3 is not more than low"),
        (constraint("length:words_per_sentence", n=None), "n: None is not a whole number"),
        (constraint("keywords:include", words="cat"), "words: 'cat' is not a list"),
        (constraint("keywords:include", words=[]), "words: [] is not a list"),
        (constraint("keywords:include", words=["a", "A"]), "words: the same text twice"),
        (constraint("keywords:include", words=['say "x"']), "double quotation mark"),
        (constraint("place:start_with", phrase=" "), "phrase: ' '"),
        (constraint("punctuation:avoid", symbol="comma"), "symbol: 'comma' is not one of"),
        (constraint("punctuation:no_comma", n=0), "n: is unknown"),
        (constraint("length:num_wrods", n=0), "did you mean 'length:num_words'"),
        (constraint("style:writing_style"), "ask a judge"),
    ],
)
def test_unsound_parameters_are_errors_never_verdicts(broken, message):
    for ask in (constraints.check, constraints.check_readings, lambda c, r: constraints.check_all([c], r)):
        with pytest.raises(ParameterError) as caught:
            ask(broken, RESPONSE)
        assert message in str(caught.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(ParameterError) as caught:
        constraints.check(constraint("keywords:frequency", relation="at least", n=-1, times=2), "")
    assert len(caught.value.problems) == 3


def test_a_crashing_checker_raises(monkeypatch):
    def crash(m, params, reading):
        raise ZeroDivisionError

    broken = TYPES["format:json"].__class__(**{**vars(TYPES["format:json"]), "check": crash})
    monkeypatch.setitem(TYPES, "format:json", broken)
    with pytest.raises(ZeroDivisionError):
        constraints.check(constraint("format:json"), "{}")


def test_phrasings_and_thresholds_depend_on_the_seed_alone():
    runs = [constraints.derive(RESPONSE, random_seed=seed) for seed in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_a_type_does_not_change_what_another_draws():
    before, registry = constraints.derive(RESPONSE), dict(TYPES)
    try:
        del TYPES["length:num_words"]
        after = constraints.derive(RESPONSE)
    finally:  # put back in its place: the order of the registry is the order of everything
        TYPES.clear()
        TYPES.update(registry)
    assert after == [c for c in before if c.type != "length:num_words"]


def test_few_phrasings_are_the_first_ones():
    texts = {c.text for seed in range(30) for c in constraints.derive(RESPONSE, random_seed=seed, max_phrasings=1)}
    assert "Do not use any capital letters." not in texts
    assert {text for text in texts if "P.S." in text} == {'Add a postscript that begins with "P.S.".'}
    with pytest.raises(ParameterError):
        constraints.derive(RESPONSE, max_phrasings=0)


def test_reasons_say_what_was_found_and_what_was_asked():
    bullets = "- a\n- b\n- c\n- d"
    verdict = constraints.check(constraint("items:num_bullets", relation="at least", n=5), bullets)
    assert verdict.reason == "4 bullet points, at least 5 asked"
    assert {c.type: c.witness for c in constraints.derive("- a b c.\n- d e f.")}[
        "items:num_bullets"
    ] == "2 bullet points"


def test_no_sentence_gives_six_words_of_the_response_away():
    leaky = "The answer should be no shorter than 20 words. " * 3
    for seed in range(40):
        for found in constraints.derive(leaky, random_seed=seed):
            assert "the answer should be no shorter" not in found.text.lower()
    told = {c.text for seed in range(40) for c in constraints.derive(leaky, instruction=leaky, random_seed=seed)}
    assert any("answer should be no shorter" in text for text in told)


def test_implication():
    def words(relation, **n):
        return constraint("length:num_words", relation=relation, **n)

    assert constraints.implies(words("at least", n=50), words("at least", n=40))
    assert not constraints.implies(words("at least", n=40), words("at least", n=50))
    assert constraints.implies(words("at most", n=40), words("at most", n=40))
    assert constraints.implies(words("exactly", n=45), words("between", low=40, high=50))
    assert constraints.implies(words("around", n=100), words("between", low=90, high=110))
    assert not constraints.implies(words("around", n=100), words("between", low=91, high=110))
    assert constraints.implies(
        constraint("keywords:include", words=["a", "B"]), constraint("keywords:include", words=["b"])
    )
    assert not constraints.implies(
        constraint("keywords:frequency", relation="at least", word="a", n=3),
        constraint("keywords:frequency", relation="at least", word="b", n=2),
    )
    assert constraints.implies(
        constraint("place:start_with", phrase="In short, yes"), constraint("place:start_with", phrase="in short")
    )
    assert not constraints.implies(words("exactly", n=0), constraint("length:num_sentences", relation="exactly", n=0))


def test_the_taxonomy_is_complete():
    told = constraints.types()
    assert [info.name for info in told] == [*TYPES, *JUDGED]
    assert all(info.name.count(":") == 1 and info.example and info.meaning for info in told)
    checkable = [info for info in told if info.checkable]
    assert all(info.checkable == (info.name in TYPES) for info in told)
    for info in checkable:
        parsed = constraints.parse(info.example)
        assert parsed is not None
        assert parsed.type == info.name
    assert {info.paper_category for info in told} == {
        "Length",
        "Sentences per paragraph",
        "Words per sentence",
        "Characters per word",
        "Keywords",
        "Punctuation",
        "Writing style",
        "Semantic elements",
        "Morphology",
        "Language",
        "Hierarchical instructions",
        "Special output format",
        "Paragraphs and separators",
        "Specific sentence or phrase",
        "Key formatting",
        "Item listing details",
        "Literary devices",
        "Grammatical structure",
        "Circumstances",
        "Stated with the data",
    }
    aliases = [info.ifeval for info in checkable if info.ifeval]
    assert len(aliases) == len(set(aliases))


def test_importing_loads_nothing_heavy():
    heavy = ["torch", "transformers", "trl", "vllm", "mlflow", "datasets", "dvc", "hydra", "numpy", "pandas", "nltk"]
    code = f"import sys, crab.constraints; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Sentences and capitals as NLTK finds them: against NLTK itself where it is installed, and on cases worked by hand."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from crab.core.errors import DataError
from crab.evaluation.ifeval.capitals import capital_tokens
from crab.evaluation.punkt import Punkt, Tables, read_tables

PIECES = (
    "Dr.|U.S.|J.|Bach|3.|12|...|. . .|!|?|?!|\"|”|’|'|)|(| |  |\n|\n\n|--|-|the|The|he|He|e.g.|i.e.|,|:|;|@|*|#|B.|Mr.|"
    "Inc.|No.|x.y|etc.)|«|»|\t|É.|CAN|CANNOT|GIMME|WANNA|D'YE|'S|'s|N'T|n't|'LL|A|S|1|`|''|_|/"
).split("|")


def texts(shared_data: Path) -> list[str]:
    lines = (shared_data / "ifeval/gpt4_verdicts_half.jsonl").read_text(encoding="utf-8").splitlines()
    real = [json.loads(line)["response"] for line in lines]
    rng = random.Random(0)
    mixed = ["".join(rng.choice(PIECES) for _ in range(rng.randint(1, 25))) for _ in range(1500)]
    return [*real, *(text.upper() for text in real[:60]), *(text.replace("*", "") for text in real[:60]), *mixed]


@pytest.fixture(scope="module")
def nltk_punkt(shared_data: Path) -> Any:
    module = pytest.importorskip("nltk.tokenize.punkt", reason="nltk is not installed")
    import nltk

    folder = str(shared_data / "nltk_data")
    nltk.data.path.insert(0, folder)
    yield module
    nltk.data.path.remove(folder)


def test_sentences_are_nltks(shared_data: Path, nltk_punkt: Any) -> None:
    ours = Punkt(read_tables(shared_data / "nltk_data/tokenizers/punkt_tab/english"))
    theirs = nltk_punkt.PunktTokenizer("english")
    without, bare = Punkt(), nltk_punkt.PunktSentenceTokenizer()
    for text in texts(shared_data):
        assert [*ours.sentences(text)] == theirs.tokenize(text)
        assert [*without.sentences(text)] == bare.tokenize(text)


def test_capital_tokens_are_as_many_as_nltks(shared_data: Path, nltk_punkt: Any) -> None:
    from nltk import word_tokenize

    punkt = Punkt(read_tables(shared_data / "nltk_data/tokenizers/punkt_tab/english"))
    for text in texts(shared_data):
        found = capital_tokens(punkt.sentences(text))
        assert len(found) == sum(token.isupper() for token in word_tokenize(text)), text


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", 0),
        ("Rain", 1),
        ("Rain fell. Nobody slept.", 2),
        ("He said “Go.” Then he went.", 2),
        ("Rain... and wind", 1),
        ("Really?! Yes.", 2),
        ("It costs 3.5 euros.", 1),
    ],
)
def test_sentences_by_the_marks_alone(text: str, sentences: int) -> None:
    assert Punkt().count(text) == sentences


def test_tables_tell_abbreviations() -> None:
    tables = Tables(abbreviations=frozenset({"dr"}))
    assert [*Punkt(tables).sentences("Dr. Rain fell. He slept.")] == ["Dr. Rain fell.", "He slept."]
    assert Punkt().count("Dr. Rain fell. He slept.") == 3


@pytest.mark.parametrize("text", ["." * 100_000, "! " * 50_000, ". . " * 30_000, "a" * 100_000 + ". B", "'" * 100_000])
def test_hostile_texts_take_bounded_time(text: str) -> None:
    started = time.monotonic()
    capital_tokens(Punkt().sentences(text))
    assert time.monotonic() - started < 10


def test_missing_tables_are_named(tmp_path: Path) -> None:
    (tmp_path / "abbrev_types.txt").write_text("dr\n")
    with pytest.raises(DataError, match=r"lacks collocations.tab, sent_starters.txt, ortho_context.tab"):
        read_tables(tmp_path)

"""Word lists and models that IFBench's rules rest on: read from a folder or an installed package, never downloaded.

The official code downloads them while it runs. Here what is missing makes a verdict `Undecided`, with the name of what
is missing: the constraint then counts as not met, and is counted apart.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import regex

from crab.evaluation import punkt
from crab.evaluation.decisions import Undecided
from crab.evaluation.punkt import Punkt

_EMOJI = regex.compile(r"[\p{Emoji}--[0-9#*]--\p{Regional_Indicator}]", regex.VERSION1)


class Tables:
    """What the rules look up.

    Args:
        folder: Laid out as NLTK's data folder: `tokenizers/punkt_tab/english/`, `corpora/stopwords/english`,
            `taggers/averaged_perceptron_tagger_eng/`. None: there is none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._split = lru_cache(maxsize=512)(self._sentences)

    def sentences(self, text: str) -> list[str]:
        """Sentences by Punkt, as `nltk.sent_tokenize` cuts them.

        Raises:
            Undecided: Its tables are missing.
        """
        return list(self._split(text))

    def tokens(self, text: str) -> list[str]:
        """Words and marks of the Penn Treebank, as `nltk.word_tokenize` gives them.

        Raises:
            Undecided: Punkt's tables or NLTK are missing.
        """
        return [token for sentence in self.sentences(text) for token in self._treebank.tokenize(sentence)]

    @cached_property
    def stop_words(self) -> frozenset[str]:
        """NLTK's English stop words.

        Raises:
            Undecided: The list is missing.
        """
        return frozenset(self._lines("corpora/stopwords/english"))

    def syllables(self, word: str) -> int:
        """Syllables of a lower-case word, by syllapy's dictionary and rules.

        Raises:
            Undecided: The package is not installed.
        """
        return self._count_syllables(word)

    def tag(self, tokens: list[str]) -> str:
        """Part of speech of the first token, in Penn Treebank's letters.

        Raises:
            Undecided: The tagger's tables are missing.
        """
        return str(self._tagger.tag(tokens)[0][1])

    def _sentences(self, text: str) -> tuple[str, ...]:
        return tuple(self._punkt.sentences(text))

    @cached_property
    def _punkt(self) -> Punkt:
        place = "tokenizers/punkt_tab/english"
        if self._folder is None or not (self._folder / place).is_dir():
            raise Undecided(f"needs NLTK's {place}, which is not there")
        return Punkt(punkt.read_tables(self._folder / place))

    @cached_property
    def _treebank(self) -> Any:
        try:
            from nltk.tokenize.destructive import NLTKWordTokenizer
        except ImportError:
            raise Undecided("needs the package nltk, which is not installed") from None
        return NLTKWordTokenizer()

    @cached_property
    def _tagger(self) -> Any:
        name = "taggers/averaged_perceptron_tagger_eng/averaged_perceptron_tagger_eng"
        parts = [
            json.loads("\n".join(self._lines(f"{name}.{part}.json"))) for part in ("weights", "tagdict", "classes")
        ]
        try:
            from nltk.tag.perceptron import PerceptronTagger
        except ImportError:
            raise Undecided("needs the package nltk, which is not installed") from None
        tagger = PerceptronTagger(load=False)
        tagger.decode_json_params(iter(parts))
        return tagger

    @cached_property
    def _count_syllables(self) -> Callable[[str], int]:
        try:
            import syllapy
        except ImportError:
            raise Undecided("needs the package syllapy, which is not installed") from None
        count: Callable[[str], int] = syllapy.count
        return count

    def _lines(self, name: str) -> list[str]:
        if self._folder is None or not (self._folder / name).is_file():
            raise Undecided(f"needs NLTK's {name}, which is not there")
        return [line for line in (self._folder / name).read_text(encoding="utf-8").split("\n") if line]


def is_emoji(character: str) -> bool:
    """Whether one character is an emoji by itself (the package `emoji` says the same of each)."""
    return _EMOJI.fullmatch(character) is not None


def ascii_only(text: str) -> str:
    """Letters without their accents; what is not ASCII then is dropped."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")

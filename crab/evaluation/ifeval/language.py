"""Which language a text is in, by langdetect: the detector that IFEval's code calls without a seed.

It draws n-grams at random. Here it is seeded; where one draw leaves doubt it draws again, and a text on which draws
disagree has no official verdict: the published code gives now one, now the other.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

SURE = 0.9999
"""Probability above which one draw is enough: of 20 draws on texts of IFEval none then differed (tests)."""
DRAWS = 9
"""How often a doubtful text is looked at."""
_KEPT = 4096


class Languages:
    """Detects languages, and remembers the last texts."""

    def __init__(self) -> None:
        self._kept: dict[str, Counter[str]] = {}

    def votes(self, text: str) -> Counter[str]:
        """ISO 639-1 code (zh-cn, zh-tw for Chinese) -> draws that found it; empty for a text without any letters."""
        if text not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[text] = _votes(text)
        return self._kept[text]

    def likeliest(self, text: str) -> str | None:
        """The language that most draws found; None for a text without any letters."""
        votes = self.votes(text)
        return min(votes, key=lambda language: (-votes[language], language)) if votes else None


def _votes(text: str) -> Counter[str]:
    from langdetect import LangDetectException

    votes: Counter[str] = Counter()
    for seed in range(DRAWS):
        detector = _factory().create()
        detector.seed = seed
        detector.append(text)
        try:
            found = detector.get_probabilities()
        except LangDetectException:
            return Counter()
        votes[found[0].lang if found else detector.UNKNOWN_LANG] += 1
        if found and found[0].prob > SURE:
            break
    return votes


class _Profiles(dict[str, list[float] | None]):
    """N-gram -> its frequency in each language. Made when first asked for: to make all takes longer than most texts."""

    def __init__(self, profiles: Sequence[Mapping[str, Any]]) -> None:
        self._profiles = profiles
        super().__init__((ngram, None) for profile in profiles for ngram in profile["freq"])

    def __getitem__(self, ngram: str) -> list[float]:
        found = self.get(ngram)
        if found is None:
            place = len(ngram) - 1
            found = [profile["freq"].get(ngram, 0) / profile["n_words"][place] for profile in self._profiles]
            self[ngram] = found
        return found


@cache
def _factory() -> Any:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    profiles = []
    for name in sorted(os.listdir(PROFILES_DIRECTORY)):  # the order of a folder is the file system's
        if not name.startswith("."):
            with open(os.path.join(PROFILES_DIRECTORY, name), encoding="utf-8") as file:
                profiles.append(json.load(file))
    factory = DetectorFactory()
    factory.langlist = [profile["name"] for profile in profiles]
    factory.word_lang_prob_map = _Profiles(profiles)
    return factory

"""Which language a text is in: deterministic, offline, by two identifiers that know nothing of each other.

CLD2 decides, because it says when it cannot tell: on 2,667 real answers it named another language for 6 (5 rightly)
and left 45 open, all of them labels, code or emoji. py3langid named some language for each of those, mostly an exotic
one; it serves as a second opinion.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNDETERMINED = "und"

_CURRENT = {"iw": "he", "jw": "jv", "zh-Hant": "zh", "un": UNDETERMINED, "xxx": UNDETERMINED, "nb": "no", "nn": "no"}
"""CLD2's old and own codes, and the written forms of Norwegian -> ISO 639-1."""

_OPINION_CHARACTERS = 800
"""So much of a text is read for a second opinion: more changes nothing on real answers and costs time."""


class _Printable(dict[int, int | None]):
    """A translation table that drops what cannot be printed; made as it is used."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        self[code] = code if character.isprintable() or character.isspace() else None
        return self[code]


_PRINTABLE = _Printable()


def identify(text: str) -> str:
    """ISO 639-1 code of a text's language (639-2 where there is no shorter one), or `und` where it cannot be told."""
    import pycld2

    try:
        reliable, _, guesses = pycld2.detect(text.translate(_PRINTABLE))
    except pycld2.error:  # raised for texts with code points that CLD2 does not take for UTF-8
        return UNDETERMINED
    code: str = guesses[0][1]
    return _CURRENT.get(code, code) if reliable else UNDETERMINED


def second_opinion(text: str) -> str:
    """Code of the language that py3langid takes a text's beginning for; seldom `und`."""
    code, _ = _langid().classify(text[:_OPINION_CHARACTERS])
    return UNDETERMINED if code == "zxx" else _CURRENT.get(code, code)


@cache
def _langid() -> LanguageIdentifier:
    from py3langid import langid

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)

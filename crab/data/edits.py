"""Small edits of a response that may break a constraint. Whether one did is for the checkers to say.

Each edit is a pure function of the response, a generator of its own and the words that the constraint names
(a keyword, a forbidden word, an ending); it gives None where it does not apply.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

NAMING = ("words", "word", "phrase")
"""Parameters of constraints whose values are words of the response."""

Edit = Callable[[str, random.Random, Sequence[str]], str | None]

_SENTENCE_END = re.compile(r"(?<=[.!?])[ \t]+(?=\S)")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d+[.)])[ \t]+\S")
_MARKUP = re.compile(r"\*\*|__|[*_`]|^#+[ \t]+", re.MULTILINE)
_MARKS = "?!;:…—"
_ENDS = {".": "!", "!": "."}


def _drop_sentence(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    if len(ends) < 3:
        return None
    gone = rng.randrange(len(ends) - 1)
    return (text[: ends[gone]] + text[ends[gone + 1] :]).rstrip()


def _repeat_sentence(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return f"{text} {rng.choice(_SENTENCE_END.split(text)).strip()}"


def _drop_item(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = text.split("\n")
    items = [index for index, line in enumerate(lines) if _ITEM.match(line)]
    if len(items) < 2:
        return None
    del lines[rng.choice(items)]
    return "\n".join(lines)


def _repeat_item(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = text.split("\n")
    items = [index for index, line in enumerate(lines) if _ITEM.match(line)]
    if not items:
        return None
    lines.insert(items[-1] + 1, lines[rng.choice(items)])
    return "\n".join(lines)


def _flatten_items(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = text.split("\n")
    if not any(_ITEM.match(line) for line in lines):
        return None
    return " ".join(re.sub(r"^\s*(?:[-*+•]|\d+[.)])\s+", "", line) for line in lines if line.strip())


def _drop_first_line(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    _, newline, rest = text.partition("\n")
    return rest.lstrip("\n") if newline else None


def _drop_last_line(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    rest, newline, _ = text.rpartition("\n")
    return rest.rstrip("\n") if newline else None


def _drop_opening(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    found = _SENTENCE_END.search(text)
    return text[found.end() :] if found else None


def _drop_ending(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    found = list(_SENTENCE_END.finditer(text))
    return text[: found[-1].start()] if found else None


def _join_paragraphs(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    joined = re.sub(r"\s*\n\s*", " ", text)
    return joined if joined != text else None


def _split_paragraph(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    found = list(_SENTENCE_END.finditer(text))
    if not found:
        return None
    place = rng.choice(found)
    return f"{text[: place.start()]}\n\n{text[place.end() :]}"


def _lower_case(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return text.lower()


def _upper_case(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return text.upper()


def _sentence_case(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return text[:1].upper() + text[1:].lower()


def _strip_markup(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return _MARKUP.sub("", text)


def _add_markup(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return _at_a_word(text, rng, lambda word: f"**{word}**")


def _quote(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return f'"{text}"'


def _unquote(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return re.sub(r'["“”]', "", text)


def _add_comma(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return _at_a_word(text, rng, lambda word: f"{word},")


def _add_mark(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    mark = rng.choice(_MARKS)
    return _at_a_word(text, rng, lambda word: f"{word}{mark}")


def _drop_commas(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return text.replace(",", "")


def _change_ends(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return re.sub(r"[.!](?=\s|$)", lambda match: _ENDS[match[0]], text)


def _add_named_word(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    if not words:
        return None
    added = rng.choice(words)
    return _at_a_word(text, rng, lambda word: f"{word} {added}")


def _drop_named_word(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    if not words:
        return None
    gone = re.compile(rf"[ \t]?{re.escape(rng.choice(words))}", re.IGNORECASE)
    return gone.sub("", text)


def _keep_half(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    found = list(re.finditer(r"\S+", text))
    return text[: found[(len(found) - 1) // 2].end()] if len(found) > 1 else None


def _say_twice(text: str, rng: random.Random, words: Sequence[str]) -> str | None:
    return f"{text}\n\n{text}"


EDITS: dict[str, Edit] = {
    "drop_sentence": _drop_sentence,
    "repeat_sentence": _repeat_sentence,
    "drop_item": _drop_item,
    "repeat_item": _repeat_item,
    "flatten_items": _flatten_items,
    "drop_first_line": _drop_first_line,
    "drop_last_line": _drop_last_line,
    "drop_opening": _drop_opening,
    "drop_ending": _drop_ending,
    "join_paragraphs": _join_paragraphs,
    "split_paragraph": _split_paragraph,
    "lower_case": _lower_case,
    "upper_case": _upper_case,
    "sentence_case": _sentence_case,
    "strip_markup": _strip_markup,
    "add_markup": _add_markup,
    "quote": _quote,
    "unquote": _unquote,
    "add_comma": _add_comma,
    "add_mark": _add_mark,
    "drop_commas": _drop_commas,
    "change_ends": _change_ends,
    "add_named_word": _add_named_word,
    "drop_named_word": _drop_named_word,
}
"""Edits that keep most of the response, tried in random order."""

COARSE: dict[str, Edit] = {"keep_half": _keep_half, "say_twice": _say_twice}
"""Edits that change its length at large; tried last."""


def named_words(params: Mapping[str, object]) -> list[str]:
    """What a constraint wants said or not said: keywords, forbidden words, phrases. In order, each once."""
    texts: list[str] = []
    for name in NAMING:
        value = params.get(name, [])
        texts += [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]
    return [text for text in dict.fromkeys(texts) if text.strip()]


def apply(name: str, response: str, rng: random.Random, words: Sequence[str]) -> str | None:
    """The edited response; None where the edit does not apply, changes nothing or leaves nothing."""
    edited = (EDITS.get(name) or COARSE[name])(response, rng, words)
    return edited if edited is not None and edited.strip() and edited != response else None


def _at_a_word(text: str, rng: random.Random, change: Callable[[str], str]) -> str | None:
    """Change one word that is letters only, so that markup and structure stay whole."""
    found = list(re.finditer(r"(?<!\S)[^\W\d_]+(?=\s|$)", text))
    if not found:
        return None
    word = rng.choice(found)
    return text[: word.start()] + change(word[0]) + text[word.end() :]

"""A shared library of small edits of a text. Whether one breaks a constraint is for the checkers to say.

An edit takes a text, an amount (of words, sentences, marks, lines, ...), a generator of its own and the words that the
constraint names (keywords, a forbidden word, an ending). Equal arguments give equal texts, a larger amount changes
more of the same places, and an amount beyond what the text holds changes all of it. None: it does not apply.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Final

from crab.constraints import snippets

Edit = Callable[[str, int, random.Random, Sequence[str]], str | None]

_WORD = re.compile(r"(?<!\S)[^\W\d_]+(?=\s|$)")  # letters only, so that markup and structure stay whole
_SENTENCE_GAP = re.compile(r"(?<=[.!?])[ \t]+(?=\S)")
_SENTENCE = re.compile(r"[^.!?\n]*+(?:[.!?]++|(?=\n|$))[ \t]*+")
_END_MARK = re.compile(r"[.!?]+(?=\s|$)")
_BLANK = re.compile(r"\n[ \t]*\n\s*")
_LINE_GAP = re.compile(r"\s*\n\s*")
_ITEM = re.compile(r"[ \t]*(?:[-*+•‣◦▪–]|\d+[.)])[ \t]+\S")

# -- edits by pattern and by snippet ---------------------------------------------------------------------------------


def _dropping(pattern: str) -> Edit:
    compiled = re.compile(pattern, re.MULTILINE | re.IGNORECASE)

    def drop(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
        return _without(text, [match.span() for match in compiled.finditer(text)], amount, rng)

    return drop


def _after_words(snippet: str) -> Edit:
    def add(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
        return _inserted(text, amount, rng, lambda: snippet)

    return add


def _blocks(block: str, at_the_top: bool) -> Edit:
    def add(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
        added = "\n".join([block] * amount)
        return f"{added}\n\n{text}" if at_the_top else f"{text}\n\n{added}"

    return add


def _places(text: str) -> list[int]:
    """Where words end that may be followed by something; the text's own end where there are none."""
    return [match.end() for match in _WORD.finditer(text)] or [len(text)]


def _inserted(text: str, amount: int, rng: random.Random, make: Callable[[], str]) -> str:
    """The text with something after `amount` of its words; with several after each where it has fewer words."""
    places = _places(text)
    order = rng.sample(places, len(places))
    chosen = sorted(islice(cycle(order), amount))
    pieces, start = [], 0
    for place in chosen:
        pieces += [text[start:place], make()]
        start = place
    return "".join((*pieces, text[start:]))


def _without(
    text: str, spans: Sequence[tuple[int, int]], amount: int, rng: random.Random, instead: str = ""
) -> str | None:
    """The text with `instead` in the place of `amount` spans."""
    if not spans:
        return None
    chosen = sorted(rng.sample(spans, len(spans))[:amount])
    pieces, start = [], 0
    for begin, end in chosen:
        pieces += [text[start:begin], instead]
        start = end
    return "".join((*pieces, text[start:]))


# -- words -----------------------------------------------------------------------------------------------------------


def _add_named(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    if not words:
        return None
    said = cycle(rng.sample(list(words), len(words)))
    return _inserted(text, amount, rng, lambda: f" {next(said)}")


def _end_in_named(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Let words end in what is named: an ending, or letters."""
    if not words:
        return None
    said = cycle(rng.sample([word.lstrip("-").lower() for word in words], len(words)))
    return _inserted(text, amount, rng, lambda: next(said))


def _nested_items(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Put a list at the end whose every item lies within the one before."""
    items = "\n".join(f"{'  ' * depth}- And one more point" for depth in range(amount + 1))
    return f"{text}\n\n{items}"


def _drop_named(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Drop occurrences of the words that are named, one word after the other."""
    if not words:
        return None
    spans: list[tuple[int, int]] = []
    for word in rng.sample(list(words), len(words)):
        found = [match.span() for match in re.finditer(rf"[ \t]?{re.escape(word)}", text, re.IGNORECASE)]
        taken = [span for span in rng.sample(found, len(found)) if all(span[1] <= a or b <= span[0] for a, b in spans)]
        spans += taken[: max(0, amount - len(spans))]
    return _without(text, sorted(spans), amount, rng)


def _drop_words(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    return _without(text, [match.span() for match in re.finditer(r"(?<=\s)[^\W\d_]+(?=\s)[ \t]?", text)], amount, rng)


def _drop_last_words(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    found = [match.start() for match in re.finditer(r"\s+\S+", text.strip())]
    return text.strip()[: found[max(0, len(found) - amount)]] if found else None


def _add_words(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Repeat a run of words, at one place within a sentence."""
    known = _WORD.findall(text) or ["more"]
    place = rng.choice(_places(text))
    run = " ".join(islice(cycle(rng.sample(known, len(known))), amount))
    return f"{text[:place]} {run}{text[place:]}"


def _double_word(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Say words twice in a row."""
    found = [match.span() for match in _WORD.finditer(text)]
    for start, end in sorted(rng.sample(found, len(found))[:amount], reverse=True):
        text = f"{text[:end]} {text[start:end]}{text[end:]}"
    return text if found else None


def _join_words(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Write words as one, from one place on."""
    found = list(re.finditer(r"[^\W\d_]+(?:[ \t]+[^\W\d_]+)*", text))
    if not found:
        return None
    chosen = max(rng.sample(found, min(3, len(found))), key=lambda run: len(run[0]))
    run = chosen[0].split()
    run = list(islice(cycle(run), max(len(run), amount + 1)))
    start = rng.randrange(len(run) - min(amount, len(run) - 1))
    run[start : start + amount + 1] = ["".join(run[start : start + amount + 1]).lower()]
    return text[: chosen.start()] + " ".join(run) + text[chosen.end() :]


def _swap_words(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Let words trade places with the ones after them."""
    pairs = [match.span() for match in re.finditer(r"[^\W\d_]+[ \t]+[^\W\d_]+", text)]
    for start, end in sorted(rng.sample(pairs, len(pairs))[:amount]):
        first, second = text[start:end].split()
        text = f"{text[:start]}{second}{' ' * (end - start - len(first) - len(second))}{first}{text[end:]}"
    return text if pairs else None


# -- sentences -------------------------------------------------------------------------------------------------------


def _sentence_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _SENTENCE.finditer(text) if match[0].strip()]


def _drop_sentence(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    left = _without(text, _sentence_spans(text), amount, rng)
    return left if left is None else left.rstrip()


def _repeat_sentence(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Say sentences again, at one place in a paragraph."""
    spans = [span for span in _sentence_spans(text) if not _ITEM.match(text, span[0])] or _sentence_spans(text)
    if not spans:
        return None
    place = rng.choice(spans)[1]
    said = [text[start:end].strip() for start, end in rng.sample(spans, len(spans))]
    gap = "" if text[:place].endswith((" ", "\t")) else " "
    return f"{text[:place]}{gap}{' '.join(islice(cycle(said), amount))} {text[place:].lstrip(' ')}".strip()


def _join_sentences(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Make one sentence of several, line breaks between them included."""
    ends = [match.span() for match in re.finditer(r"[.!?:;]*(?:\s*\n\s*|(?<=[.!?:;])\s+)(?=\S)", text)]
    if not ends:
        return None
    first = rng.randrange(max(1, len(ends) - amount + 1))
    return _without(text, ends[first : first + amount], amount, rng, ", and ")


def _split_sentences(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    return _inserted(text, amount, rng, lambda: ". So")


def _change_ends(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Put another mark at the end of sentences."""
    ends = list(_END_MARK.finditer(text))
    chosen = {match.start() for match in rng.sample(ends, len(ends))[:amount]}
    changed = _END_MARK.sub(lambda m: ("." if "!" in m[0] else "!") if m.start() in chosen else m[0], text)
    return changed if ends else f"{text}!"


def _drop_opening(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    gaps = list(_SENTENCE_GAP.finditer(text))
    return text[gaps[min(amount, len(gaps)) - 1].end() :] if gaps else None


def _drop_ending(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    gaps = list(_SENTENCE_GAP.finditer(text))
    return text[: gaps[max(0, len(gaps) - amount)].start()] if gaps else None


def _add_opening(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    return f"{'Well then. ' * amount}{text}"


def _add_ending(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    return f"{text}{' So much for that.' * amount}"


def _sentences_in(sentences: Sequence[str]) -> Edit:
    def translate(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
        """Put sentences of a language in the place of the last ones."""
        spans = _sentence_spans(text)
        start = spans[-amount][0] if amount < len(spans) else 0
        return text[:start] + " ".join(islice(cycle(sentences), amount))

    return translate


# -- lines and paragraphs --------------------------------------------------------------------------------------------


def _drop_item(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = text.split("\n")
    items = [number for number, line in enumerate(lines) if _ITEM.match(line)]
    gone = {*rng.sample(items, len(items))[:amount]}
    return "\n".join(line for number, line in enumerate(lines) if number not in gone) if items else None


def _repeat_item(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Repeat items of a list behind its last one."""
    lines = text.split("\n")
    items = [number for number, line in enumerate(lines) if _ITEM.match(line)]
    if not items:
        return None
    said = cycle(rng.sample(items, len(items)))
    lines[items[-1] + 1 : items[-1] + 1] = [lines[next(said)] for _ in range(amount)]
    return "\n".join(lines)


def _repeat_line(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = text.split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for number in sorted(rng.sample(filled, len(filled))[:amount], reverse=True):
        lines.insert(number, lines[number])
    return "\n".join(lines) if filled else None


def _drop_line(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = text.split("\n")
    gone = {*rng.sample(range(len(lines)), len(lines))[:amount]}
    return "\n".join(line for number, line in enumerate(lines) if number not in gone) if len(lines) > 1 else None


def _drop_first_lines(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = [line for line in text.split("\n") if line.strip()]
    return "\n".join(lines[min(amount, len(lines) - 1) :]) if len(lines) > 1 else None


def _drop_last_lines(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = [line for line in text.rstrip().split("\n") if line.strip()]
    return "\n".join(lines[: max(1, len(lines) - amount)]) if len(lines) > 1 else None


def _drop_paragraph(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    blocks = _BLANK.split(text)
    gone = {*rng.sample(range(len(blocks)), len(blocks))[: min(amount, len(blocks) - 1)]}
    return "\n\n".join(block for number, block in enumerate(blocks) if number not in gone) if gone else None


def _repeat_paragraph(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    blocks = _BLANK.split(text.strip())
    return "\n\n".join((*blocks, *islice(cycle(rng.sample(blocks, len(blocks))), amount)))


def _join_paragraphs(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    gaps = [match.span() for match in _LINE_GAP.finditer(text.strip())]
    if not gaps:
        return None
    first = rng.randrange(max(1, len(gaps) - amount + 1))
    return _without(text.strip(), gaps[first : first + amount], amount, rng, " ")


def _split_paragraphs(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Break paragraphs between sentences, or, where there is one sentence, between words."""
    gaps = [match.span() for match in _SENTENCE_GAP.finditer(text)]
    gaps = gaps or [match.span() for match in re.finditer(r"(?<=\S)[ \t]+(?=\S)", text)]
    return _without(text, gaps, amount, rng, "\n\n")


def _split_lines(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    return _without(text, [match.span() for match in _SENTENCE_GAP.finditer(text)], amount, rng, "\n")


def _swap_lines(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    """Let lines trade places with the next ones that are not blank."""
    lines = text.split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for place in rng.sample(range(len(filled) - 1), len(filled) - 1)[:amount] if len(filled) > 1 else []:
        here, there = filled[place], filled[place + 1]
        lines[here], lines[there] = lines[there], lines[here]
    return "\n".join(lines) if len(filled) > 1 else None


def _indent(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    lines = text.split("\n")
    chosen = {*rng.sample(range(len(lines)), len(lines))[:amount]}
    return "\n".join(f"    {line}" if number in chosen else line for number, line in enumerate(lines))


def _say_twice(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
    return "\n\n".join([text] * (amount + 1))


# -- letters ---------------------------------------------------------------------------------------------------------


def _once(change: Callable[[str], str]) -> Edit:
    """An edit of the whole text, which knows no amounts."""
    return lambda text, amount, rng, words: change(text)


def _recase(change: Callable[[str], str], pattern: str) -> Edit:
    compiled = re.compile(pattern)

    def recase(text: str, amount: int, rng: random.Random, words: Sequence[str]) -> str | None:
        found = list(compiled.finditer(text))
        chosen = {match.start() for match in rng.sample(found, len(found))[:amount]}
        return compiled.sub(lambda m: change(m[0]) if m.start() in chosen else m[0], text) if found else None

    return recase


EDITS: Final[dict[str, Edit]] = {
    "drop_named": _drop_named,
    "add_named": _add_named,
    "end_in_named": _end_in_named,
    **{f"drop_{name}": _dropping(pattern) for name, pattern in snippets.PATTERNS.items()},
    **{f"add_{name}": _after_words(mark) for name, mark in snippets.AT_A_WORD.items()},
    **{f"say_{name}": _after_words(f" {snippet}") for name, snippet in snippets.IN_A_LINE.items()},
    "change_ends": _change_ends,
    "small_initial": _recase(str.lower, r"(?<![^\W\d_])[A-Z]"),
    "capital_initial": _recase(str.upper, r"(?<![^\W\d_])[a-z]"),
    "small_word": _recase(str.lower, r"(?<![^\W\d_])[A-Z]{2,}(?![^\W\d_])"),
    "capital_word": _recase(str.upper, r"(?<![^\W\d_])[A-Z]?[a-z]{2,}(?![^\W\d_])"),
    "drop_item": _drop_item,
    "repeat_item": _repeat_item,
    "drop_sentence": _drop_sentence,
    "repeat_sentence": _repeat_sentence,
    "add_opening": _add_opening,
    "add_ending": _add_ending,
    "drop_opening": _drop_opening,
    "drop_ending": _drop_ending,
    "split_paragraphs": _split_paragraphs,
    "split_lines": _split_lines,
    "join_paragraphs": _join_paragraphs,
    "join_sentences": _join_sentences,
    "split_sentences": _split_sentences,
    "drop_line": _drop_line,
    "repeat_line": _repeat_line,
    "drop_first_lines": _drop_first_lines,
    "drop_last_lines": _drop_last_lines,
    "drop_paragraph": _drop_paragraph,
    "repeat_paragraph": _repeat_paragraph,
    **{f"append_{name}": _blocks(block, at_the_top=False) for name, block in snippets.AS_A_BLOCK.items()},
    **{f"prepend_{name}": _blocks(block, at_the_top=True) for name, block in snippets.AS_A_BLOCK.items()},
    "append_nested_items": _nested_items,
    "swap_lines": _swap_lines,
    "swap_words": _swap_words,
    "double_word": _double_word,
    "indent": _indent,
    "add_words": _add_words,
    "drop_words": _drop_words,
    "join_words": _join_words,
    "quote": _once('"{}"'.format),
    "lower_case": _once(str.lower),
    "upper_case": _once(str.upper),
    "sentence_case": _once(lambda text: text[:1].upper() + text[1:].lower()),
    "title_case": _once(str.title),
    "strip_markup": _once(lambda text: re.sub(r"\*\*|__|[*_`]|^#+[ \t]+", "", text, flags=re.MULTILINE)),
    "flatten": _once(lambda text: " ".join(_ITEM.sub(lambda m: m[0][-1:], line) for line in text.split("\n"))),
    "in_german": _sentences_in(snippets.GERMAN),
    "in_english": _sentences_in(snippets.ENGLISH),
    "drop_last_words": _drop_last_words,
    "say_twice": _say_twice,
}
"""All edits by name, those that keep most of a text first."""

BULK: Final = (
    "drop_named",
    "add_named",
    "repeat_item",
    "drop_sentence",
    "repeat_sentence",
    "join_sentences",
    "join_paragraphs",
    "drop_line",
    "repeat_line",
    "add_words",
    "drop_words",
    "join_words",
    "drop_last_words",
    "say_twice",
)
"""Edits that are tried in large amounts too, for what takes them: hundreds of words more or less."""


def apply(name: str, text: str, amount: int, rng: random.Random, words: Sequence[str] = ()) -> str | None:
    """The edited text; None where the edit does not apply, changes nothing or leaves nothing."""
    edited = EDITS[name](text, amount, rng, words)
    return edited if edited is not None and edited.strip() and edited != text else None

"""Rules on shares and balances (`ratio:`)."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from crab.evaluation.ifbench.asked import Asked, bare, unless

_TOLERANCE = 2
"""Percentage points on either side that `ratio:overlap` allows."""


def stop_words(response: str, asked: Asked) -> str | None:
    most = asked.number("percentage")
    words = re.findall(r"\w+", response)
    if not words:
        return "no words"
    share = sum(word.lower() in asked.tables.stop_words for word in words) / len(words) * 100
    return unless(share <= most, f"{share:.1f} % stop words, above {most} %")


def overlap(response: str, asked: Asked) -> str | None:
    """Of characters, as the official code of the published verdicts counts."""
    return trigram_overlap(response, asked.text("reference_text"), asked)


def overlap_of_words(response: str, asked: Asked) -> str | None:
    tables = asked.tables
    return trigram_overlap(tables.tokens(response), tables.tokens(asked.text("reference_text")), asked)


def trigram_overlap(response: Sequence[Hashable], reference: Sequence[Hashable], asked: Asked) -> str | None:
    """Share of the response's different trigrams that the reference has too."""
    target = asked.number("percentage")
    own = set(zip(response, response[1:], response[2:], strict=False))
    if not own:
        return "shorter than a trigram"
    share = len(own & set(zip(reference, reference[1:], reference[2:], strict=False))) / len(own)
    near = target - _TOLERANCE <= share * 100 <= target + _TOLERANCE
    return unless(near, f"overlap {share * 100:.1f} %, not {target} %")


def sentence_type(response: str, asked: Asked) -> str | None:
    """A response without questions and statements passes."""
    statements, questions, _ = _kinds(asked.tables.sentences(response))
    return unless(statements == 2 * questions, f"{statements} statements to {questions} questions")


def sentence_balance(response: str, asked: Asked) -> str | None:
    """A response without any of the three passes."""
    kinds = _kinds(asked.tables.sentences(response))
    return unless(len(set(kinds)) == 1, "statements, questions, exclamations: {}, {}, {}".format(*kinds))


def sentence_words(response: str, asked: Asked) -> str | None:
    """That the words differ is not looked at."""
    sentences = asked.tables.sentences(response)
    if len(sentences) != 3:
        return f"{len(sentences)} sentences, not 3"
    lengths = [len(sentence.strip()) for sentence in sentences]
    return unless(len(set(lengths)) == 1, "lengths {}, {}, {}".format(*lengths))


def different_sentence_words(response: str, asked: Asked) -> str | None:
    words = bare(response.lower()).split()
    return sentence_words(response, asked) or unless(len(set(words)) == len(words), "a word occurs twice")


def sentence_type_of_some(response: str, asked: Asked) -> str | None:
    """As `sentence_type`, with at least one question, and quotation marks and brackets after the mark allowed."""
    statements, questions, _ = _kinds(_closed(asked.tables.sentences(response)))
    met = questions > 0 and statements == 2 * questions
    return unless(met, f"{statements} statements to {questions} questions")


def sentence_balance_of_some(response: str, asked: Asked) -> str | None:
    """As `sentence_balance`, with at least one of each, and quotation marks and brackets after the mark allowed."""
    kinds = _kinds(_closed(asked.tables.sentences(response)))
    met = kinds[0] > 0 and len(set(kinds)) == 1
    return unless(met, "statements, questions, exclamations: {}, {}, {}".format(*kinds))


def _kinds(sentences: list[str]) -> tuple[int, int, int]:
    ends = [sentence[-1:] for sentence in sentences]
    return ends.count("."), ends.count("?"), ends.count("!")


def _closed(sentences: list[str]) -> list[str]:
    return [sentence.rstrip("\"'”’)]*_ ") for sentence in sentences]

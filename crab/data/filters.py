"""Filters on single pairs: each answers whether a pair may stay, and if not, why.

Pure functions of a pair and explicit values; `checks` is the table of those that a config asks for.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import NamedTuple

from crab.config.seed import SeedConfig
from crab.core.records import Rejected, Seed


class Answer(NamedTuple):
    """Whether a pair may stay, and if not, why."""

    ok: bool
    reason: str = ""
    """A short fixed phrase that can be counted."""
    detail: str = ""


KEEP = Answer(True)
Check = Callable[[Seed], Answer]


def checks(config: SeedConfig) -> list[Check]:
    """The filters that a config asks for, cheapest first."""
    table: list[Check] = [
        lambda seed: length(seed, config.min_response_words, config.max_response_words, config.max_instruction_words)
    ]
    if config.languages:
        table.append(lambda seed: language(seed, config.languages, config.undetermined_language))
    if config.drop_refusals:
        table.append(refusal)
    if config.drop_truncated:
        table.append(truncated)
    return table


def rejected(seed: Seed, answer: Answer) -> Rejected:
    """The line for a pair that a filter refused."""
    return Rejected("seed", answer.reason, answer.detail, dataclasses.asdict(seed))


def length(seed: Seed, min_response: int, max_response: int | None, max_instruction: int | None) -> Answer:
    """Length in whitespace-separated words; None is no limit."""
    words = len(seed.response.split())
    if words < min_response:
        return Answer(False, "response too short", f"{words} words, at least {min_response} asked")
    if max_response is not None and words > max_response:
        return Answer(False, "response too long", f"{words} words, at most {max_response} allowed")
    words = len(seed.instruction.split())
    if max_instruction is not None and words > max_instruction:
        return Answer(False, "instruction too long", f"{words} words, at most {max_instruction} allowed")
    return KEEP


def language(seed: Seed, allowed: list[str], undetermined: bool) -> Answer:
    """The response's language; `und` passes where `undetermined` is set."""
    if seed.language in allowed or (undetermined and seed.language == "und"):
        return KEEP
    return Answer(False, "other language", f"{seed.language}, not {' or '.join(allowed)}")


_APOLOGY = (
    r"(?:(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:(?:very|so|really|truly) )?(?:sorry|afraid)"
    r"|sorry|apologies|unfortunately)"
)
_CANNOT = (
    r"(?:can(?:['’]t|not| not)|won['’]t|will not|am (?:not able|unable)|['’]m (?:not able|unable)|do(?:n['’]t| not))"
)
_REFUSALS = tuple(
    re.compile(pattern)
    for pattern in (
        r"as an? (?:ai|artificial intelligence|(?:large )?language model|text-based)\b",
        r"i(?:['’]m| am) (?:just |only )?an? (?:ai|artificial intelligence|(?:large )?language model)\b",
        rf"{_APOLOGY}\W+(?:but )?(?:as an ai\b|(?:i|we) ?{_CANNOT}|(?:this|that) (?:is|request))",
        rf"i ?{_CANNOT} (?:be able to )?(?:assist|help|comply|fulfill?|provide|answer|complete|do that|support|engage"
        r"|have (?:access|the ability|personal|real))",
        r"(?:i )?must (?:respectfully )?decline\b",
    )
)
_PREAMBLE = re.compile(r"^\W*(?:(?:hello|hi|hey|well|oh|thank you[^.!,]*|i understand[^.!,]*)[.!,]\s*)?", re.IGNORECASE)


def refusal(seed: Seed) -> Answer:
    """A response that opens by declining, or by saying that it comes from a machine."""
    start = _PREAMBLE.sub("", seed.response[:300]).lower()
    for pattern in _REFUSALS:
        if match := pattern.match(start):
            return Answer(False, "refusal", f"starts with {match[0]!r}")
    return KEEP


MIN_TRUNCATED_WORDS = 50
"""Shorter answers often do without a closing mark (a name, a label, a line of code)."""
MIN_PROSE_WORDS = 8
"""A last line below this may be a signature, a verse or a list item, none of which needs a closing mark."""

_FENCE = re.compile(r"^[ \t>]*(?:```|~~~)", re.MULTILINE)
_LIST_LINE = re.compile(r"\s*(?:[-*+•#>|@]|\d+\s*[-.):]|\w[.)])\s*\S|\s*[^\s:]+(?: [^\s:]+){0,5}:\s|.*[|\t#@]")
_CLOSED = re.compile(r"[.!?…:;\"'”’)\]}`*_。！？]$")
_OPEN_END = re.compile(r"(?:[,(\[{]|\b(?:and|or|the|a|an|of|to|with|for|but|because|which|in|as|by))$")


def truncated(seed: Seed) -> Answer:
    """A response that stops before its end: an open code fence, or long prose that breaks off.

    An open fence counts always. Otherwise a response of 50 words or more counts when it ends with a comma, an opening
    bracket or a word that must be followed by another, or when its last line is prose of 8 words or more that ends in
    a letter, while its other lines of prose (as verse does not) mostly have their closing marks.
    """
    text = seed.response.rstrip()
    if len(_FENCE.findall(text)) % 2:
        return Answer(False, "truncated", "a code fence is never closed")
    if len(text.split()) < MIN_TRUNCATED_WORDS:
        return KEEP
    *others, last = (line.rstrip() for line in text.split("\n"))
    if _FENCE.match(last):
        return KEEP
    if _OPEN_END.search(last):
        return Answer(False, "truncated", f"ends with {last[-30:]!r}")
    if last[-1].isalpha() and _is_prose(last):
        closed = [bool(_CLOSED.search(line)) for line in others if _is_prose(line)]
        if 2 * sum(closed) >= len(closed):
            return Answer(False, "truncated", f"no closing mark after {last[-30:]!r}")
    return KEEP


def _is_prose(line: str) -> bool:
    return len(line.split()) >= MIN_PROSE_WORDS and not _LIST_LINE.match(line)

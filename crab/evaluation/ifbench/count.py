"""Rules on how often something occurs (`count:`)."""

from __future__ import annotations

import re

from crab.evaluation.ifbench.asked import EDGE, Asked, bare, unless

_CONJUNCTIONS = {"and", "but", "for", "nor", "or", "so", "yet"}
_TIMES = (1, 2, 3, 5, 7)
"""How often the five keywords of `count:keywords_multiple` are asked for, in order."""
_PERSONAL = frozenset(
    "i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers "
    "herself it its itself they them their theirs themselves".split()
)
_ALL_PRONOUNS = _PERSONAL | frozenset(
    "this that these those who whom whose which what whoever whomever whatever whichever one oneself ones another "
    "other others anybody anyone anything everybody everyone everything nobody nothing none somebody someone "
    "something each either neither both all some any few many several such".split()
)
"""With the demonstrative, interrogative, relative and indefinite ones; a word that may also stand before a noun
counts, as no tagger decides."""
_NAMES = (
    "Emma Liam Sophia Jackson Olivia Noah Ava Lucas Isabella Mason Mia Ethan Charlotte Alexander Amelia Benjamin "
    "Harper Leo Zoe Daniel Chloe Samuel Lily Matthew Grace Owen Abigail Gabriel Ella Jacob Scarlett Nathan Victoria "
    "Elijah Layla Nicholas Audrey David Hannah Christopher Penelope Thomas Nora Andrew Aria Joseph Claire Ryan Stella "
    "Jonathan"
).split()
"""The names that the prompts of `count:person_names` list."""


def word_count_range(response: str, asked: Asked) -> str | None:
    low, high = asked.number("min_words"), asked.number("max_words")
    words = len(re.findall(r"\w+", response))
    return unless(low <= words <= high, f"{words} words, not {low} to {high}")


def unique_words(response: str, asked: Asked) -> str | None:
    least = asked.number("N")
    words = len({word.strip(EDGE) for word in response.lower().split()})
    return unless(words >= least, f"{words} different words of {least}")


def conjunctions(response: str, asked: Asked) -> str | None:
    """`And` and `and` count as two, as in the official code."""
    least = asked.number("small_n")
    found = {word for word in response.split() if word.strip(EDGE).lower() in _CONJUNCTIONS}
    return unless(len(found) >= least, f"{len(found)} different conjunctions of {least}")


def person_names(response: str, asked: Asked) -> str | None:
    least = asked.number("N")
    found = [name for name in _NAMES if re.search(rf"\b{name}\b", response)]
    return unless(len(found) >= least, f"{len(found)} of the listed names, of {least}")


def numbers(response: str, asked: Asked) -> str | None:
    """Punctuation is taken out first: `3.5` is one number, and so is `2-3`."""
    exactly = asked.number("N")
    found = len(re.findall(r"\d+", bare(response)))
    return unless(found == exactly, f"{found} numbers, not {exactly}")


def pronouns(response: str, asked: Asked) -> str | None:
    """Personal, possessive and reflexive ones only."""
    return _pronouns(response, asked, _PERSONAL)


def all_pronouns(response: str, asked: Asked) -> str | None:
    return _pronouns(response, asked, _ALL_PRONOUNS)


def _pronouns(response: str, asked: Asked, known: frozenset[str]) -> str | None:
    # A slash separates, as in she/her.
    least = asked.number("N")
    found = sum(token in known for token in asked.tables.tokens(response.replace("/", " ").lower()))
    return unless(found >= least, f"{found} pronouns of {least}")


def whole_numbers(response: str, asked: Asked) -> str | None:
    """As `numbers`, with the sign between the numbers of a range or date as a separator."""
    exactly = asked.number("N")
    found = len(re.findall(r"\d+(?:[.,]\d+)*", response))
    return unless(found == exactly, f"{found} numbers, not {exactly}")


def different_conjunctions(response: str, asked: Asked) -> str | None:
    least = asked.number("small_n")
    found = _CONJUNCTIONS & {word.strip(EDGE).lower() for word in response.split()}
    return unless(len(found) >= least, f"{len(found)} different conjunctions of {least}")


def different_words(response: str, asked: Asked) -> str | None:
    """As `unique_words`; what consists of marks is no word."""
    least = asked.number("N")
    words = len({word.strip(EDGE) for word in response.lower().split()} - {""})
    return unless(words >= least, f"{words} different words of {least}")


def some_words_japanese(response: str, asked: Asked) -> str | None:
    """As `words_japanese`, with at least one such place."""
    words = len(response.split())
    return unless(words >= asked.number("N"), f"{words} words only") or words_japanese(response, asked)


def punctuation(response: str, asked: Asked) -> str | None:
    """The first interrobang's own marks don't count as the question mark and exclamation mark."""
    if not any(mark in response for mark in ("?!", "!?", "‽")):
        return "no interrobang"
    rest = response.replace("?!", "", 1) if "?!" in response else response.replace("!?", "", 1)
    missing = [mark for mark in ".,!?;:" if mark not in rest]
    return unless(not missing, f"without {' '.join(missing)}")


def keywords_multiple(response: str, asked: Asked) -> str | None:
    """Occurrences inside longer words count."""
    for place, times in enumerate(_TIMES, 1):
        keyword = asked.text(f"keyword{place}").strip()
        found = response.lower().count(keyword.lower())
        if found != times:
            return f"{keyword} {found} times, not {times}"
    return None


def keyword_times(response: str, asked: Asked) -> str | None:
    """As `keywords_multiple`, for whole words only."""
    for place, times in enumerate(_TIMES, 1):
        keyword = asked.text(f"keyword{place}").strip()
        found = len(re.findall(rf"\b{re.escape(keyword)}\b", response, re.IGNORECASE))
        if found != times:
            return f"{keyword} {found} times as a word, not {times}"
    return None


def words_japanese(response: str, asked: Asked) -> str | None:
    """A response with fewer words than the cycle is long passes, and so does a number in such a place."""
    cycle = asked.number("N")
    if cycle == 0:
        return "every 0th word is no word"
    for place, word in enumerate(response.split(), 1):
        core = word.strip(EDGE)
        if place % cycle == 0 and core and not core.isdigit() and not re.search("[\u3040-\u30ff\u4e00-\u9fff]", core):
            return f"word {place} is not Japanese: {core}"
    return None

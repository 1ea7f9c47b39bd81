"""Exact words at an exact place. They quote the response, so they are short."""

from __future__ import annotations

import re

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, Phrase
from crab.constraints.quotation import quotable
from crab.core.text import SENTENCE_READINGS, Measures

MAX_WORDS = 5  # to derive; a longer quotation would give the answer away (leak guard: no span of six words)

# Up to the first , : ! or dash; nothing in it that is markup.
_LEAD_IN = re.compile(r"[^\W\d_][^\n\"“”*_`#|<>{}\[\]]{0,80}?(?:[,:!](?=\s|\Z)|(?= ?—))")
# What `format:steps`, `format:letter` and `postscript:line` ask for already.
_STRUCTURE = re.compile(r"step \d|dear |(?:p\.)+s\.", re.IGNORECASE)
_UNQUOTABLE = re.compile(r"[\"“”*_`#|<>{}\[\]\n]")
_MARKS = '"“”*_ '


def _words(text: str) -> list[str]:
    """Words as they are compared: small letters, straight apostrophes, without the marks around the text."""
    return quotable(text.strip(_MARKS) or text).replace("’", "'").lower().split()


def _is_short(phrase: str) -> bool:
    return Measures(phrase).word_count() <= MAX_WORDS and len(phrase) <= 100


def _begins(word: str, beginning: str) -> bool:
    """Whether a word begins with another one, or with it and punctuation."""
    return word.startswith(beginning) and not (beginning[-1].isalnum() and word[len(beginning) :][:1].isalnum())


def _ends(word: str, ending: str) -> bool:
    return word.endswith(ending) and not (ending[0].isalnum() and word[: -len(ending)][-1:].isalnum())


# -- start -----------------------------------------------------------------------------------------------------------


def _derive_start(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    match = _LEAD_IN.match(m.unwrapped)
    phrase = match[0] if match and not _STRUCTURE.match(m.unwrapped) else ""
    return [{"phrase": phrase}] if phrase and _is_short(phrase) else []


def _check_start(m: Measures, params: Params, reading: str) -> Finding:
    *wanted, last = _words(params["phrase"])
    found = m.unwrapped.split(maxsplit=len(wanted) + 1)[: len(wanted) + 1]
    *head, tail = _words(" ".join(found)) or [""]
    satisfied = head == wanted and _begins(tail, last)
    return Finding(satisfied, f'starts with "{" ".join(found)[:200]}"', "" if satisfied else f'"{params["phrase"]}"')


def _starts_alike(a: Params, b: Params) -> bool:
    (*head, last), longer = _words(b["phrase"]), _words(a["phrase"])
    return longer[: len(head)] == head and len(longer) > len(head) and _begins(longer[len(head)], last)


start_with = Type(
    paper="Specific sentence or phrase",
    meaning="The response begins with the phrase, in any letter case; quotation and emphasis marks around it aside.",
    example={"phrase": "In short,"},
    derive=_derive_start,
    check=_check_start,
    implies=_starts_alike,
    forms=(
        Form(
            slots={"phrase": Phrase(20)},
            phrasings=(
                "Begin with {phrase}.",
                "Start your answer with the words {phrase}.",
                "The first words should be {phrase}.",
                "Open the text with {phrase}.",
                "Let {phrase} be the opening of your response.",
                "Your reply must lead off with {phrase}.",
            ),
            hearings=(
                "(start|begin|open)(| the response) with "
                "(|the words |the word |the phrase |the sentence |the exact phrase ){phrase}",
                "the first (words|phrase)(| of the response) must be {phrase}",
            ),
        ),
    ),
)


# -- end -------------------------------------------------------------------------------------------------------------


_MARKS_ASIDE, _TO_THE_LETTER = "marks aside", "to the letter"


def _derive_end(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    for reading in SENTENCE_READINGS:
        spans = m.sentences(reading)
        if len(spans) < 2:
            continue
        last = m.text[spans[-1][0] :].strip().rstrip(_MARKS).lstrip(_MARKS + "-").strip()
        usable = last[:1].isalpha() and not _STRUCTURE.match(last) and not _UNQUOTABLE.search(last)
        if usable and _is_short(last):
            params = {"phrase": last}
            # A code fence or a table may follow the last sentence.
            return [params] if _check_end(m, params, _TO_THE_LETTER).satisfied else []
    return []


def _check_end(m: Measures, params: Params, reading: str) -> Finding:
    first, *wanted = _words(params["phrase"])
    found = m.unwrapped.rsplit(maxsplit=len(wanted) + 1)[-len(wanted) - 1 :]
    head, *tail = _words(" ".join(found)) or [""]
    satisfied = tail == wanted and _ends(head, first)
    if reading == _TO_THE_LETTER:
        satisfied = satisfied and m.body.strip('"').lower().endswith(params["phrase"].lower())
    return Finding(satisfied, f'ends with "{" ".join(found)[-200:]}"', "" if satisfied else f'"{params["phrase"]}"')


def _ends_alike(a: Params, b: Params) -> bool:
    (first, *tail), longer = _words(b["phrase"]), _words(a["phrase"])
    size = len(tail)
    return longer[len(longer) - size :] == tail and len(longer) > size and _ends(longer[-size - 1], first)


end_with = Type(
    paper="Specific sentence or phrase",
    meaning="The response ends with the phrase, in any letter case; quotation and emphasis marks around it aside.",
    example={"phrase": "Have a good day!"},
    derive=_derive_end,
    check=_check_end,
    readings=(_MARKS_ASIDE, _TO_THE_LETTER),
    implies=_ends_alike,
    ifeval="startend:end_checker",
    forms=(
        Form(
            slots={"phrase": Phrase(20)},
            phrasings=(
                "End with {phrase}.",
                "Finish your answer with the words {phrase}.",
                "The last words should be {phrase}.",
                "Close the text with {phrase}.",
                "Let {phrase} be the ending of your response.",
                "Nothing may come after the closing words {phrase}.",
            ),
            hearings=(
                "(end|finish|close|conclude)(| the response) with "
                "(|the words |the word |the phrase |this phrase |the sentence |the exact phrase ){phrase}",
                "the last (words|phrase|sentence)(| of the response) must be {phrase}",
                "(end|finish) the response with this exact phrase {phrase}. no other words should follow this phrase",
                "(end|finish|close|conclude) with this exact (phrase|sentence)(|:) {phrase}",
                "(end|finish) with (the|this exact|the exact) phrase(|:) {phrase},( and|) "
                "no other words must follow this phrase",
                "the very (end|last sentence) must (be|read) {phrase}",
            ),
        ),
    ),
)

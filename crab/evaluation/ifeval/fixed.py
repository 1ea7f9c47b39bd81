"""Rules in place of official ones whose behaviour is a known fault: each docstring names it.

What is a matter of taste (what a sentence or a word is) stays as published.
"""

from __future__ import annotations

import json
import re

from crab.evaluation.ifeval.asked import Asked, unless
from crab.evaluation.ifeval.official import OPTIONS, unfenced

_BULLET = re.compile(r"^[ \t]*[*-][ \t]+(?![*\- \t]*$)\S", re.MULTILINE)
_DIVIDER = re.compile(r"(?:^|(?<=\s))\*\*\*(?=\s|$)")
_EMPHASIS = re.compile(r"(?<!\*)(\*{1,3})(?=[^\s*])[^*\n]*(?<=[^\s*])\1(?!\*)")
_PLACEHOLDER = re.compile(r"\[[^\[\]\n]*\w[^\[\]\n]*\](?!\()")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_COMMAS = re.compile("[,،、，﹐﹑]")
_QUOTED = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』"}
_LEADING_MARKS = "#*_>`~ \t"
"""What Markdown may put before a word at the beginning of a line."""


def existence(response: str, asked: Asked) -> str | None:
    """Official: a keyword inside of another word counts, and its marks are read as a pattern."""
    missing = [one for one in asked.texts("keywords") if not _word(one).search(response)]
    return unless(not missing, f"keywords missing: {', '.join(missing)}")


def frequency(response: str, asked: Asked) -> str | None:
    """Official: as for `existence`."""
    keyword = asked.text("keyword").strip()
    return asked.compare(len(_word(keyword).findall(response)), f"times {keyword!r}", "frequency")


def forbidden_words(response: str, asked: Asked) -> str | None:
    """Official: marks in a word are read as a pattern, and a word that ends in one is never found."""
    found = [one for one in asked.texts("forbidden_words") if _word(one).search(response)]
    return unless(not found, f"forbidden words found: {', '.join(found)}")


def letter_frequency(response: str, asked: Asked) -> str | None:
    """Official: what is no letter of a to z (two prompts ask for # and !) is replaced by one drawn at random."""
    letter = asked.text("letter").lower()
    return asked.compare(response.lower().count(letter), f"times {letter}", "let_frequency", "let_relation")


def response_language(response: str, asked: Asked) -> str | None:
    """Official: a text without letters is in every language; and the detector draws at random."""
    return _is_in(asked.text("language"), response, asked)


def english_capital(response: str, asked: Asked) -> str | None:
    """Official: the detector passes over words in capitals, so that it has little to judge by. English is what it
    takes for English either so or in small letters.
    """
    if not response.isupper():
        return "not all letters are capitals"
    return None if _is_in("en", response, asked) is None else _is_in("en", response.lower(), asked)


def english_lowercase(response: str, asked: Asked) -> str | None:
    """Official: as for `response_language`."""
    return _is_in("en", response, asked) if response.islower() else "not all letters are small"


def number_paragraphs(response: str, asked: Asked) -> str | None:
    """Official: asterisks around bold italics are dividers too."""
    parts = [part.strip() for part in _DIVIDER.split(response)]
    if not all(parts[1:-1]):
        return "a paragraph between two dividers is blank"
    found, wanted = sum(map(bool, parts)), asked.number("num_paragraphs")
    return unless(found == wanted, f"{found} paragraphs between dividers ***, asked: {wanted}")


def nth_paragraph_first_word(response: str, asked: Asked) -> str | None:
    """Official: blank paragraphs are left out of the count but not of the numbering; marks before the word stay on."""
    blocks = [block for block in _BLANK_LINE.split(response) if block.strip()]
    total, nth = asked.number("num_paragraphs"), asked.number("nth_paragraph")
    if not 0 < nth <= len(blocks):
        return f"{len(blocks)} paragraphs, and none is number {nth}"
    word = re.search(r"\w[\w'’-]*", blocks[nth - 1])
    begins, wanted = word[0].lower() if word else "", asked.text("first_word").lower()
    if begins != wanted:
        return f"paragraph {nth} begins with {begins[:40]!r}, asked: {wanted!r}"
    return unless(len(blocks) == total, f"{len(blocks)} paragraphs, asked: {total}")


def number_placeholders(response: str, asked: Asked) -> str | None:
    """Official: empty brackets, check boxes and the texts of links are placeholders."""
    found, wanted = len(_PLACEHOLDER.findall(response)), asked.number("num_placeholders")
    return unless(found >= wanted, f"{found} placeholders, asked: at least {wanted}")


def postscript(response: str, asked: Asked) -> str | None:
    """Official: the marker may stand in the middle of a sentence."""
    marker = asked.text("postscript_marker").strip()
    letters = [re.escape(letter) for letter in marker.lower() if letter.isalnum()]
    begins = re.compile(r"\.?\s?".join(letters) + r"\b" if letters else re.escape(marker))
    lines = (line.lstrip(_LEADING_MARKS).lower() for line in response.split("\n"))
    return unless(any(begins.match(line) for line in lines), f"no line begins with {marker}")


def number_bullet_lists(response: str, asked: Asked) -> str | None:
    """Official: rules of dashes, negative numbers and lines in italics are bullet points."""
    found, wanted = len(_BULLET.findall(response)), asked.number("num_bullets")
    return unless(found == wanted, f"{found} bullet points, asked: {wanted}")


def constrained_response(response: str, asked: Asked) -> str | None:
    """Official: a response that says all three is followed."""
    found = [option for option in OPTIONS if option in response]
    return unless(len(found) == 1, f"{len(found)} of the allowed answers, asked: one")


def number_highlighted_sections(response: str, asked: Asked) -> str | None:
    """Official: bold italics count twice, and so do bullets and products whose asterisks stand apart."""
    found, wanted = len(_EMPHASIS.findall(response)), asked.number("num_highlights")
    return unless(found >= wanted, f"{found} highlighted sections, asked: at least {wanted}")


def multiple_sections(response: str, asked: Asked) -> str | None:
    """Official: "see section 2" in the middle of a sentence is a section."""
    splitter = asked.text("section_spliter").strip()
    heading = re.compile(re.escape(splitter) + r"\s?\d")
    found = sum(bool(heading.match(line.lstrip(_LEADING_MARKS))) for line in response.split("\n"))
    wanted = asked.number("num_sections")
    return unless(found >= wanted, f"{found} lines begin with {splitter!r} and a number, asked: at least {wanted}")


def json_format(response: str, asked: Asked) -> str | None:
    """Official: a lone number or quoted text is JSON, and so are NaN and Infinity."""
    try:
        value = json.loads(unfenced(response), parse_constant=_refuse)
    except ValueError as error:
        return f"not JSON: {error}"
    except RecursionError:
        return "not JSON: nested too deeply"
    return unless(isinstance(value, dict | list), "neither a JSON object nor an array")


def quotation(response: str, asked: Asked) -> str | None:
    """Official: typographic double quotation marks are none."""
    body = response.strip()
    return unless(len(body) > 1 and _QUOTED.get(body[0]) == body[-1], "not between double quotation marks")


def no_comma(response: str, asked: Asked) -> str | None:
    """Official: Arabic and East Asian commas are none."""
    found = len(_COMMAS.findall(response))
    return unless(not found, f"{found} commas")


def _word(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(text.strip())}(?!\w)", re.IGNORECASE)


def _is_in(language: str, response: str, asked: Asked) -> str | None:
    found = asked.languages.likeliest(response)
    return unless(found == language, f"the language is found to be {found}, asked: {language}")


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")

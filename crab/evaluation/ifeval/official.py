"""IFEval's 25 rules as the published code applies them, its faults included (`fixed` has other rules for those).

Source: google-research/google-research, instruction_following_eval/instructions.py, and its copy in lm-eval. Patterns
that cost quadratic time there are searched in linear time here, with the same result.
"""

from __future__ import annotations

import json
import re

from crab.evaluation.decisions import Undecided
from crab.evaluation.ifeval.asked import Asked, unless
from crab.evaluation.ifeval.capitals import capital_tokens

_WORD = re.compile(r"\w+")
_STAR_BULLET = re.compile(r"^[^\S\n]*\*[^*].*$", re.MULTILINE)
_DASH_BULLET = re.compile(r"^[^\S\n]*-", re.MULTILINE)
_STARRED = re.compile(r"\*[^\n*]*\*")
_TWICE_STARRED = re.compile(r"\*\*[^\n*]*\*\*")
_DIVIDER = re.compile(r"\s?\*\*\*\s?")
_POSTSCRIPTS = {"P.S.": re.compile(r"p\.\s?s\."), "P.P.S": re.compile(r"p\.\s?p\.\s?s")}
OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
"""What `constrained_response` allows."""
FENCES = ("```json", "```Json", "```JSON", "```")


def existence(response: str, asked: Asked) -> str | None:
    """Keywords are patterns, found anywhere, inside of other words too."""
    missing = [one for one in asked.texts("keywords") if not _pattern(one).search(response)]
    return unless(not missing, f"keywords missing: {', '.join(missing)}")


def frequency(response: str, asked: Asked) -> str | None:
    """The keyword is a pattern, found anywhere, inside of other words too."""
    keyword = asked.text("keyword").strip()
    return asked.compare(len(_pattern(keyword).findall(response)), f"times {keyword!r}", "frequency")


def forbidden_words(response: str, asked: Asked) -> str | None:
    """Words are patterns between word boundaries."""
    found = [one for one in asked.texts("forbidden_words") if _pattern(one, r"\b{}\b").search(response)]
    return unless(not found, f"forbidden words found: {', '.join(found)}")


def letter_frequency(response: str, asked: Asked) -> str | None:
    """Letters in either case; for what is no letter of a to z the code draws one at random."""
    letter = asked.text("letter").lower()
    if not (len(letter) == 1 and "a" <= letter <= "z"):
        raise Undecided(f"{letter!r} is no letter: the official code draws one at random")
    return asked.compare(response.lower().count(letter), f"times the letter {letter}", "let_frequency", "let_relation")


def response_language(response: str, asked: Asked) -> str | None:
    """A text whose language cannot be told counts as followed."""
    return _is_in(asked.text("language"), response, asked)


def number_sentences(response: str, asked: Asked) -> str | None:
    """Sentences by NLTK's Punkt."""
    return asked.compare(asked.punkt.count(response), "sentences", "num_sentences")


def number_words(response: str, asked: Asked) -> str | None:
    """Words are runs of word characters: "don't" is two."""
    return asked.compare(len(_WORD.findall(response)), "words", "num_words")


def number_paragraphs(response: str, asked: Asked) -> str | None:
    """Paragraphs between `***`; only the first and the last may be blank."""
    first, *rest = _DIVIDER.split(response)
    blank = [not part.strip() for part in (first, *rest)]
    if any(blank[1:-1]):
        return "a paragraph between two dividers is blank"
    found = len(blank) - blank[0] - (blank[-1] if rest else 0)
    return _exactly(found, asked.number("num_paragraphs"), "paragraphs between dividers ***")


def nth_paragraph_first_word(response: str, asked: Asked) -> str | None:
    """Blocks between empty lines; blank ones are not counted, yet they take a number."""
    blocks = response.split("\n\n")
    found = sum(bool(block.strip()) for block in blocks)
    total, nth = asked.number("num_paragraphs"), asked.number("nth_paragraph")
    if not 0 < nth <= total:
        raise Undecided(f"paragraph {nth} of {total}: the official code draws one at random")
    if nth > found or not blocks[nth - 1].strip():
        return f"{found} paragraphs, and none is number {nth}"
    word = re.split("[.,?!'\"]", blocks[nth - 1].split()[0].lstrip("'").lstrip('"'), maxsplit=1)[0].lower()
    wanted = asked.text("first_word").lower()
    if word != wanted:
        return f"paragraph {nth} begins with {word[:40]!r}, asked: {wanted!r}"
    return _exactly(found, total, "paragraphs")


def number_placeholders(response: str, asked: Asked) -> str | None:
    """Anything between square brackets on one line, nothing included."""
    found = 0
    for line in response.split("\n"):
        place = line.find("[")
        while place >= 0 and (end := line.find("]", place)) >= 0:
            found += 1
            place = line.find("[", end)
    return _at_least(found, asked.number("num_placeholders"), "placeholders")


def postscript(response: str, asked: Asked) -> str | None:
    """The marker in either case, anywhere."""
    marker = asked.text("postscript_marker").strip()
    pattern = _POSTSCRIPTS.get(marker) or _pattern(marker.lower())
    return unless(pattern.search(response.lower()) is not None, f"no {marker}")


def number_bullet_lists(response: str, asked: Asked) -> str | None:
    """Lines that begin with `-`, or with `*` that another `*` does not follow; a rule of dashes is one too."""
    found = len(_STAR_BULLET.findall(response)) + len(_DASH_BULLET.findall(response))
    return _exactly(found, asked.number("num_bullets"), "bullet points")


def constrained_response(response: str, asked: Asked) -> str | None:
    """One of the three sentences occurs; all of them may."""
    return unless(any(option in response for option in OPTIONS), f"none of: {' '.join(OPTIONS)}")


def number_highlighted_sections(response: str, asked: Asked) -> str | None:
    """Spans between asterisks on one line; three asterisks around one count twice."""
    once = sum(bool(span.strip("*").strip()) for span in _STARRED.findall(response))
    twice = sum(bool(span[2:-2].strip()) for span in _TWICE_STARRED.findall(response))
    return _at_least(once + twice, asked.number("num_highlights"), "highlighted sections")


def multiple_sections(response: str, asked: Asked) -> str | None:
    """The splitter followed by a number, anywhere in the text."""
    splitter = asked.text("section_spliter").strip()
    found = len(_pattern(splitter, r"\s?{}\s?\d+\s?", ignore_case=False).split(response)) - 1
    return _at_least(found, asked.number("num_sections"), f"sections marked {splitter!r} and a number")


def json_format(response: str, asked: Asked) -> str | None:
    """Anything that Python's reader takes, a lone number or NaN included, with or without a code fence."""
    try:
        json.loads(unfenced(response))
    except ValueError as error:
        return f"not JSON: {error}"
    except RecursionError:
        return "not JSON: nested too deeply"
    return None


def title(response: str, asked: Asked) -> str | None:
    """Something between `<<` and `>>` on one line."""
    for line in response.split("\n"):
        start, end = line.find("<<"), line.rfind(">>")
        if start >= 0 and start + 2 < end and line[start : end + 2].lstrip("<").rstrip(">").strip():
            return None
    return "no title between << and >>"


def two_responses(response: str, asked: Asked) -> str | None:
    """Two different texts with `******` between them; only the first and last part may be blank."""
    parts = [part.strip() for part in response.split("******")]
    if not all(parts[1:-1]):
        return "a response between two dividers is blank"
    found = [part for part in parts if part]
    if len(found) != 2:
        return f"{len(found)} responses between dividers ******, asked: 2"
    return unless(found[0] != found[1], "both responses are the same")


def repeat_prompt(response: str, asked: Asked) -> str | None:
    """The request, in either case, before anything else."""
    wanted = asked.text("prompt_to_repeat").strip().lower()
    return unless(response.strip().lower().startswith(wanted), "does not begin with the request")


def end_checker(response: str, asked: Asked) -> str | None:
    """The phrase, in either case, at the end; quotation marks around all are passed over."""
    phrase = asked.text("end_phrase").strip()
    return unless(response.strip().strip('"').lower().endswith(phrase.lower()), f"does not end with {phrase!r}")


def quotation(response: str, asked: Asked) -> str | None:
    """Straight double quotation marks at both ends."""
    body = response.strip()
    return unless(len(body) > 1 and body[0] == body[-1] == '"', "not between double quotation marks")


def english_capital(response: str, asked: Asked) -> str | None:
    """No small letters, and English as far as can be told."""
    return _is_in("en", response, asked) if response.isupper() else "not all letters are capitals"


def english_lowercase(response: str, asked: Asked) -> str | None:
    """No capitals, and English as far as can be told."""
    return _is_in("en", response, asked) if response.islower() else "not all letters are small"


def capital_word_frequency(response: str, asked: Asked) -> str | None:
    """Tokens of NLTK's word tokenizer: "I" is one, the parts of "IT'S" are two."""
    found = len(capital_tokens(asked.punkt.sentences(response)))
    return asked.compare(found, "words in capitals", "capital_frequency", "capital_relation")


def no_comma(response: str, asked: Asked) -> str | None:
    """No ASCII comma."""
    return unless("," not in response, f"{response.count(',')} commas")


def unfenced(response: str) -> str:
    """The response without a code fence around it."""
    body = response.strip()
    for fence in FENCES:
        body = body.removeprefix(fence)
    return body.removesuffix("```").strip()


def _is_in(language: str, response: str, asked: Asked) -> str | None:
    votes = asked.languages.votes(response)
    if not votes:
        return None
    if len(votes) > 1 and language in votes:
        draws = ", ".join(f"{name} {count}" for name, count in sorted(votes.items()))
        raise Undecided(f"the official language detector draws at random, and found: {draws}")
    found = asked.languages.likeliest(response)
    return unless(found == language, f"the language is found to be {found}, asked: {language}")


def _pattern(text: str, around: str = "{}", ignore_case: bool = True) -> re.Pattern[str]:
    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    try:
        return re.compile(around.format(text), flags)
    except re.error:  # the published code ends here
        return re.compile(around.format(re.escape(text)), flags)


def _exactly(found: int, asked: int, of: str) -> str | None:
    return unless(found == asked, f"{found} {of}, asked: {asked}")


def _at_least(found: int, asked: int, of: str) -> str | None:
    return unless(found >= asked, f"{found} {of}, asked: at least {asked}")

"""The form of a letter."""

from __future__ import annotations

import re
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Form, Params, Phrase
from crab.constraints.shape import shape
from crab.core.text import Measures

_SALUTATION = re.compile(r"^[ \t*_>\"“]*dear\b[^\n,:!]{1,60}[,:!]", re.IGNORECASE | re.MULTILINE)


def salutation(m: Measures) -> str:
    """The line's beginning that greets a letter's reader ("Dear ...,"), or "" if there is none."""
    match = _SALUTATION.search(m.text) if "dear" in m.lower else None
    return match[0].strip(' \t*_>"“') if match else ""


def _look_letter(m: Measures, reading: str) -> Finding:
    greeting = salutation(m)
    return Finding(bool(greeting), f'greets with "{greeting}"' if greeting else 'no line begins with "Dear ...,"')


letter = shape(
    paper="Special output format",
    meaning='A line begins with a salutation, "Dear ...," (or with a colon or exclamation mark).',
    look=_look_letter,
    phrasings=(
        'Write the answer as a letter that greets its reader with "Dear ...,".',
        "Make it a letter, salutation included.",
        'Give the response the form of a letter: "Dear ...," and then the text.',
        'There should be a line that begins with "Dear", as in a letter.',
        'Use the format of a letter, with "Dear" and a name at the top.',
        'Address the reader by letter, "Dear" and so on.',
    ),
    hearings=(
        "use (|it |the response )(as|in the form of|in the format of) a letter",
        "(format|answer|respond|reply)(| it| the response) (as|in the form of|in the format of) a letter",
    ),
)

# -- parts of a letter -----------------------------------------------------------------------------------------------


def _derive_greeting(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    name = salutation(m)[5:-1].strip()
    return [{"name": name}] if name and _NAME.problem(name) is None else []


def _check_greeting(m: Measures, params: Params, reading: str) -> Finding:
    greeting = salutation(m)
    greeted = greeting[5:-1].strip().casefold() == params["name"].casefold()
    return Finding(greeted, f'greets with "{greeting}"' if greeting else "no salutation", f"Dear {params['name']},")


_NAME: Final = Phrase(5)

greeting = Type(
    paper="Specific sentence or phrase",
    meaning='The first salutation, "Dear ...,", greets the name; case does not matter.',
    example={"name": "Ms. Moreno"},
    derive=_derive_greeting,
    check=_check_greeting,
    forms=(
        Form(
            slots={"name": _NAME},
            phrasings=(
                'Write it as a letter that says "Dear" to {name}.',
                "The letter's salutation should greet {name}.",
                'After the word "Dear", greet {name} and no one else.',
                'Address the letter to {name}, with "Dear" before it.',
                "Open the letter by greeting {name} as a letter does.",
                'In the salutation, let {name} follow "Dear".',
            ),
            hearings=("address the (letter|email|e-mail) to {name}",),
        ),
    ),
)

_CLOSINGS: Final = (
    "sincerely|faithfully|truly|regards|wishes|respectfully|cordially|cheers|yours|love|best|warmly|gratefully|thanks"
    "|thank you|fondly|appreciation|gratitude"
)
_SIGN_OFF = re.compile(
    rf"(?:[a-z]+,? ){{0,4}}?(?:{_CLOSINGS})(?: (?:yours|again|in advance|so much|very much))?", re.IGNORECASE
)
_LONGEST_CLOSING: Final = 60
_END_LINES: Final = 8
"""Filled lines at the end among which a sign-off stands: a signature with a title and an address may follow it."""


def sign_off(m: Measures) -> str:
    """The line that ends a letter ("Best regards,"), without its comma, or "" if there is none."""
    for line in reversed(m.filled_lines[-_END_LINES:]):
        said = line.strip("*_> \t")
        if said.endswith(",") and len(said) <= _LONGEST_CLOSING and _SIGN_OFF.fullmatch(said[:-1]):
            return said[:-1]
    return ""


def _look_sign_off(m: Measures, reading: str) -> Finding:
    closing = sign_off(m)
    return Finding(bool(closing), f'signs off with "{closing},"' if closing else 'no line like "Best regards,"')


signed = shape(
    paper="Special output format",
    meaning=f'One of the last {_END_LINES} filled lines is a sign-off, like "Best regards," or "Yours sincerely,".',
    look=_look_sign_off,
    phrasings=(
        "End with a sign-off as letters do.",
        'Close with a line like "Best regards," before the name.',
        "There should be a closing formula of a letter at the end.",
        'Sign off at the end, for instance with "Yours sincerely,".',
        "Finish as a letter does, with a complimentary close on its own line.",
        "Let a sign-off of a letter stand at the end of the text.",
    ),
    hearings=("(end|close|finish) with a (|formal |polite |friendly )(sign-off|complimentary close|closing formula)",),
)


def _derive_closing(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    closing = sign_off(m)
    return [{"closing": closing}] if closing and _CLOSING.problem(closing) is None else []


def _check_closing(m: Measures, params: Params, reading: str) -> Finding:
    closing = sign_off(m)
    same = closing.casefold() == params["closing"].rstrip(",").casefold()
    return Finding(same, f'signs off with "{closing},"' if closing else "no sign-off", f"{params['closing']},")


_CLOSING: Final = Phrase(5)

closing = Type(
    paper="Specific sentence or phrase",
    meaning="The sign-off, on a line of its own with a comma behind it, is the phrase; case does not matter.",
    example={"closing": "Best regards"},
    derive=_derive_closing,
    check=_check_closing,
    forms=(
        Form(
            slots={"closing": _CLOSING},
            phrasings=(
                "Sign off with {closing} and a comma, on a line of its own.",
                "Close the letter with {closing}, followed by a comma.",
                "The sign-off at the end should be {closing}.",
                "Let {closing} be the sign-off of the letter.",
                "As in a letter, use {closing} as the complimentary close.",
                "Before the signature, put the closing formula {closing}.",
            ),
            hearings=("(sign off|sign|close|end) the letter with {closing}", "sign off with {closing}"),
        ),
    ),
)

_SUBJECT = re.compile(r"^[ \t*_>]*subject(?: line)?[*_]*:[*_]*[ \t]+\S", re.IGNORECASE | re.MULTILINE)


def _look_subject(m: Measures, reading: str) -> Finding:
    found = "subject" in m.lower and _SUBJECT.search(m.text) is not None
    return Finding(found, "a line with the subject" if found else 'no line begins with "Subject:"')


subject = shape(
    paper="Special output format",
    meaning='A line begins with "Subject:" and says something after it.',
    look=_look_subject,
    phrasings=(
        'Include a subject line that begins with "Subject:".',
        'Give the message a subject: a line "Subject:" and the topic.',
        'There should be a line that starts with "Subject:".',
        'State the topic as emails do, after "Subject:" on a line of its own.',
        'Put a "Subject:" line into the email.',
        'Write a subject for the email on a line that opens with "Subject:".',
    ),
    hearings=("use a subject line",),
)

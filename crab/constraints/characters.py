"""Characters of a kind: emoji and numbers, asked for or ruled out."""

from __future__ import annotations

import re
from typing import Final

import regex  # knows Unicode's emoji properties, which `re` does not

from crab.constraints.kinds import Finding
from crab.constraints.marks import matches
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, amounts, counted, number_of
from crab.constraints.shape import shape
from crab.constraints.sparing import sparingly
from crab.core.text import Measures, once

# -- emoji -----------------------------------------------------------------------------------------------------------

_PICTURE = r"(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f)"
# A flag is two indicators; joined people are one; a skin tone or a variation belongs to what it follows.
_EMOJI: Final = regex.compile(
    rf"\p{{RI}}{{2}}|[0-9#*]\ufe0f?\u20e3|{_PICTURE}[\p{{Emoji_Modifier}}\ufe0f]?"
    rf"(?:\u200d\p{{Emoji}}[\p{{Emoji_Modifier}}\ufe0f]?)*+"
)
_PICTOGRAPH: Final = regex.compile(r"\p{Extended_Pictographic}|\p{RI}|\u20e3")
_PERHAPS: Final = re.compile("[©®\u203c-\u3299\U0001f000-\U0001faff]")  # all emoji and a few other characters
_SHOWN, _ANY = "shown as pictures", "any pictograph"


@once
def _emoji(m: Measures, reading: str) -> int:
    if m.text.isascii() or not _PERHAPS.search(m.text):
        return 0
    return sum(1 for _ in (_EMOJI if reading == _SHOWN else _PICTOGRAPH).finditer(m.text))


num_emoji = counted(
    breaks=("drop_emoji", "say_emoji"),
    paper="Special output format",
    meaning="The number of emoji stands in the relation to n; a flag or a joined sequence is one.",
    one="emoji",
    many="emoji",
    counts={_SHOWN: lambda m: _emoji(m, _SHOWN), _ANY: lambda m: _emoji(m, _ANY)},
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    fewest=1,
    forms=amounts("emoji", "emoji", relations=(AT_LEAST, AT_MOST, EXACTLY), also_called=(("emoji", "emojis"),)),
)


def _look_no_emoji(m: Measures, reading: str) -> Finding:
    if not m.lower_words:
        return Finding(False, "no word")
    return Finding(not (found := _emoji(m, reading)), number_of(found, "emoji", "emoji"), "none" if found else "")


no_emoji = sparingly(
    shape(
        breaks=("say_emoji",),
        paper="Special output format",
        meaning="There are words and no emoji.",
        look=_look_no_emoji,
        readings=(_SHOWN, _ANY),
        phrasings=(
            "Do not use any emoji.",
            "Avoid emoji.",
            "Write without a single emoji.",
            "Your answer must be free of emoji.",
            "No emoji, please.",
            "Emoji are off limits.",
        ),
        hearings=(
            "not use (|any )(emojis|emoji|emoticons)",
            "no (emojis|emoji)(| allowed| at all)",
            "use no (emojis|emoji)",
            "emojis are (forbidden|not allowed|off limits)",
        ),
    ),
    0.05,
)

# -- numbers ---------------------------------------------------------------------------------------------------------

_DIGITS = "0123456789"
_PLAIN = matches(r"\d+(?:[.,:]\d+)*", _DIGITS)

num_numbers = sparingly(
    counted(
        breaks=("drop_digits", "say_digit"),
        paper="Punctuation",
        meaning="The number of numbers written in digits (“3”, “1,000”, “2.5”) stands in the relation to n.",
        one="number in digits",
        many="numbers in digits",
        counts={
            "with their marks": _PLAIN,
            "runs of digits": matches(r"\d+", _DIGITS),
            # Without a word's own digits ("H2O") and the numbers of list items.
            "free-standing": matches(r"(?<![\w.,:])(?!(?<![^\n])\d+[.)])\d++(?:[.,:]\d++)*+(?!\w)", _DIGITS),
        },
        prefer=(AT_LEAST, AT_LEAST, EXACTLY),
        forms=amounts(
            "number in digits",
            "numbers in digits",
            relations=(AT_LEAST, AT_MOST, EXACTLY),
            also_called=(("number written in digits", "numbers written in digits"), ("numeral", "numerals")),
        ),
    ),
    0.5,
)


def _look_no_digits(m: Measures, reading: str) -> Finding:
    if not m.lower_words:
        return Finding(False, "no word")
    found = sum(map(str.isdecimal, m.text))
    return Finding(not found, number_of(found, "digit", "digits"), "none" if found else "")


no_digits = sparingly(
    shape(
        breaks=("say_digit",),
        paper="Punctuation",
        meaning="There are words and no digits, of whatever script.",
        look=_look_no_digits,
        when=lambda m: len(m.text) >= 200,
        phrasings=(
            "Do not use any digits.",
            "Write without digits.",
            "Spell every number out; digits are off limits.",
            "Your answer must be free of digits.",
            "No digits, please.",
            "There should not be a single digit.",
        ),
        hearings=(
            "not use (|any )(digits|numerals|numeric digits)",
            "no digits(| allowed| at all)",
            "use no digits",
            "digits are (forbidden|not allowed|off limits)",
            "(write|spell) out (all|every) (numbers|number)(| in words| as words)",
        ),
    ),
    0.5,
)

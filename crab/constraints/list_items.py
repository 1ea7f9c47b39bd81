"""What the items of lists look like: their beginnings, ends, markers and lengths."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Choice, Form, Number, Params
from crab.constraints.quantity import number_of, round_up
from crab.constraints.shape import shape
from crab.core.markdown import Item
from crab.core.text import WORD_READINGS, Measures, once

_TOP, _EVERY = "top level", "every level"


def every_item(
    meaning: str,
    has: Callable[[Item], bool],
    what: str,
    phrasings: tuple[str, ...],
    hearings: tuple[str, ...] = (),
) -> Type:
    """A type that looks at each item of every list; true only where there are at least two.

    Args:
        meaning: When it is satisfied, in one sentence.
        has: Whether an item is as it should be.
        what: What an item should be, for reasons: `begins in bold`.
        phrasings: As in a form.
        hearings: As in a form.
    """

    def look(m: Measures, reading: str) -> Finding:
        items = [item for item in m.markdown.items if reading == _EVERY or item.level == 1]
        if len(items) < 2:
            return Finding(False, number_of(len(items), "list item", "list items"), "at least 2")
        wrong = [item for item in items if not has(item)]
        if wrong:
            return Finding(False, f'{len(wrong)} of {len(items)} list items differ, e.g. "{wrong[0].text[:40]}"', what)
        return Finding(True, f"each of {len(items)} list items {what}")

    return shape(
        paper="Item listing details",
        meaning=meaning,
        look=look,
        readings=(_TOP, _EVERY),
        phrasings=phrasings,
        hearings=hearings,
    )


bold_lead = every_item(
    meaning="Every item of the lists (at least two) begins with words in markdown bold.",
    has=lambda item: item.bold,
    what="begins in bold",
    phrasings=(
        "Begin every list item with a word or phrase in bold.",
        "Each list item should open with a **bold** term.",
        "Put the key term of each list item in bold at its start.",
        "Start all items of the list with bold text.",
        "Let every item in a list lead with words set in **bold**.",
        "In lists, the first words of each item must be bold.",
    ),
    hearings=(
        "(start|begin) every (bullet point|list item|item) with (a |)bold (term|text|word|phrase|heading|keyword)",
    ),
)

_LABEL = re.compile(r"[^:.!?\n]{1,60}:(?:\s|\Z)")

labelled = every_item(
    meaning="Every item of the lists (at least two) begins with a label of at most 60 characters and a colon.",
    has=lambda item: _LABEL.match(item.text) is not None,
    what="begins with a label and a colon",
    phrasings=(
        "Begin every list item with a short label and a colon.",
        'Write each list item in the form "label: explanation".',
        "Each item of a list should name its subject, then a colon, then the details.",
        "Start all list items with a term that a colon follows.",
        'Give list items the shape "term: description".',
        "In lists, put a brief title and a colon in front of each item's text.",
    ),
    hearings=(
        "(start|begin) every (bullet point|list item|item) with a (label|title|term)(| followed by| and) a colon",
    ),
)

full_stops = every_item(
    meaning="Every item of the lists (at least two) ends with a full stop.",
    has=lambda item: item.text.endswith("."),
    what="ends with a full stop",
    phrasings=(
        "End every list item with a full stop.",
        "Each list item must close with a period.",
        "Put a full stop at the end of all items in a list.",
        "Let every item of a list be closed by a full stop.",
        "All list items should end in a period.",
        "Finish each item in a list with a full stop.",
    ),
    hearings=("(end|finish) every (bullet point|bullet|list item|item) with a (period|full stop)",),
)

unpunctuated = every_item(
    meaning="No item of the lists (at least two) ends with a full stop, semicolon, comma or other mark of a sentence.",
    has=lambda item: item.text[-1:] not in tuple(".,;:!?"),
    what="ends without punctuation",
    phrasings=(
        "End list items without punctuation.",
        "Put no full stop or other mark at the end of a list item.",
        "No list item should end with a punctuation mark.",
        "Leave the ends of list items free of punctuation.",
        "Close no item of a list with a period, comma or semicolon.",
        "The items of lists must not end in a punctuation mark.",
    ),
    hearings=("not (end|finish) (list items|bullet points|bullets) with (periods|punctuation|full stops)",),
)

# -- markers ---------------------------------------------------------------------------------------------------------

_MARKERS: Final = Choice(
    {
        "-": {"": '"-"', "named": "hyphens"},
        "*": {"": '"*"', "named": "asterisks"},
        "+": {"": '"+"', "named": "plus signs"},
        "•": {"": '"•"', "named": "round dots (•)"},
        "1.": {"": '"1."', "named": "numbers and full stops"},
        "1)": {"": '"1)"', "named": "numbers and parentheses"},
    }
)
_DOT = re.compile(r"^[ \t]*•[ \t]", re.MULTILINE)


def _markers(m: Measures, reading: str) -> list[str]:
    items = [item for item in m.markdown.items if reading == _EVERY or item.level == 1]
    return [f"1{item.marker}" if item.ordered else item.marker for item in items] + ["•"] * len(_DOT.findall(m.text))


def _derive_marker(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    found = _markers(m, _EVERY)
    # A dash or another typographic dot at the head of a line may be meant as a marker too.
    only = len(_markers(m, _TOP)) > 1 == len({*found}) and m.dotted_lines in (0, len(found))
    return [{"marker": found[0]}] if only and found[0] != "1." else []  # who asks for numbers gets "1."


def _check_marker(m: Measures, params: Params, reading: str) -> Finding:
    found = _markers(m, reading)
    if len(found) < 2:
        return Finding(False, number_of(len(found), "list item", "list items"), "at least 2")
    others = [marker for marker in found if marker != params["marker"]]
    shown = f"marked {others[0]!r}" if others else f"all {len(found)} list items marked {found[0]!r}"
    return Finding(not others, f"{len(others)} list items {shown}" if others else shown, params["marker"])


marker = Type(
    breaks=("drop_named", "append_bullet", "append_numbered_item"),
    paper="Item listing details",
    meaning='Every item of the lists (at least two) is marked with the sign; "1." and "1)" stand for any number.',
    example={"marker": "-"},
    derive=_derive_marker,
    check=_check_marker,
    readings=(_TOP, _EVERY),
    forms=(
        Form(
            slots={"marker": _MARKERS},
            phrasings=(
                "Mark every list item with {marker}.",
                "Use {marker} as the marker of all list items.",
                "Begin each item of a list with {marker}.",
                "List items must be marked by {marker:named}.",
                "Make lists with {marker:named} and no other markers.",
                "The sign in front of each list item should be {marker}.",
            ),
            hearings=(
                "(start|begin) every (bullet point|bullet|list item|item) with {marker}",
                "use {marker} (for|as) (the |)(bullet points|bullets|bullet markers)",
                "use ({marker}|{marker:named}) (for|to mark) (list items|bullet points|bullets)",
            ),
        ),
    ),
)

# -- length of items -------------------------------------------------------------------------------------------------

_MOST_WORDS: Final = 60


@once
def _longest(m: Measures, reading: str) -> int:
    return max((len(Measures(item.text).words(reading)) for item in m.markdown.items), default=0)


def _derive_item_words(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    items = m.markdown.items
    if len(items) < 2 or m.markdown.depth > 1 or any(item.text.count(" ") > _MOST_WORDS for item in items):
        return []
    n = round_up(max(_longest(m, reading) for reading in WORD_READINGS))
    return [{"n": n}] if 0 < n <= _MOST_WORDS else []


def _check_item_words(m: Measures, params: Params, reading: str) -> Finding:
    if not m.markdown.items:
        return Finding(False, "no list items")
    longest = _longest(m, reading)
    shown = number_of(longest, "word", "words")
    return Finding(longest <= params["n"], f"{shown} in the longest list item", f"at most {params['n']}")


length = Type(
    paper="Item listing details",
    meaning="There is a list, and no item of one (without the lists in it) has more than n words.",
    example={"n": 12},
    derive=_derive_item_words,
    check=_check_item_words,
    readings=WORD_READINGS,
    implies=lambda a, b: bool(a["n"] <= b["n"]),
    forms=(
        Form(
            slots={"n": Number(1)},
            phrasings=(
                "Keep every list item to at most {n} [word|words].",
                "No list item should be longer than {n} [word|words].",
                "Write list items of {n} [word|words] or fewer.",
                "Each item of a list may have up to {n} [word|words].",
                "Limit list items to {n:word} [word|words] each.",
                "An item in a list must not exceed {n} [word|words].",
            ),
            hearings=(
                "(keep|limit) every (bullet point|bullet|list item|item) (to |)(|at most ){n} [word|words]",
                "every (bullet point|bullet|list item|item) must (be|use) (at most {n}|under {n:+1}) [word|words]",
                "(keep|limit) every (bullet point|bullet|list item|item) (to |)under {n:+1} [word|words]",
            ),
        ),
    ),
)

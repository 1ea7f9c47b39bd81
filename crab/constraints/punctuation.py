"""Marks that the response does without, and marks that end its sentences."""

from __future__ import annotations

from typing import Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.length import in_prose
from crab.constraints.phrasing import Choice, Form, Params
from crab.constraints.quantity import number_of
from crab.core.text import SENTENCE_READINGS, Measures

ANY_SCRIPT, ASCII = "any script", "ascii"

# name: plural, ASCII marks, the same mark of other scripts and typography
_SYMBOLS: Final = {
    "exclamation mark": ("exclamation marks", "!", "！¡"),
    "question mark": ("question marks", "?", "？¿؟"),
    "semicolon": ("semicolons", ";", "；؛"),
    "colon": ("colons", ":", "：︰"),
    "parenthesis": ("parentheses", "()", "（）"),
    "dash": ("dashes", "-", "–—―‐‑‒−"),
    "double quotation mark": ("double quotation marks", '"', "“”„«»＂"),
    "ellipsis": ("ellipses", "...", "…"),
    "asterisk": ("asterisks", "*", "＊"),
    "number sign": ("number signs", "#", "＃"),
    "slash": ("slashes", "/", "／"),
}
_ALSO_CALLED: Final = {
    "exclamation mark": ("exclamation points", '"!"'),
    "question mark": ("question marks", '"?"'),
    "semicolon": ("semi-colons", '";"'),
    "colon": ("colons", '":"'),
    "parenthesis": ("round brackets", '"("'),
    "dash": ("dashes or hyphens", '"-"'),
    "double quotation mark": ("double quotes", "the double quotation mark"),
    "ellipsis": ("ellipsis dots", '"..."'),
    "asterisk": ("stars", '"*"'),
    "number sign": ("hash signs", '"#"'),
    "slash": ("forward slashes", '"/"'),
}
_COMMA: Final = (",", "，、،")  # ASCII, other scripts


def _count(m: Measures, ascii_marks: str, other_marks: str, reading: str) -> int:
    # An ellipsis is three characters, parentheses are two alternatives.
    count = m.text.count(ascii_marks) if ascii_marks == "..." else sum(map(m.text.count, ascii_marks))
    return count + (sum(map(m.text.count, other_marks)) if reading == ANY_SCRIPT else 0)


# -- no comma --------------------------------------------------------------------------------------------------------


def _derive_no_comma(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    return [] if _count(m, *_COMMA, ANY_SCRIPT) or not m.lower_words else [{}]


def _check_no_comma(m: Measures, params: Params, reading: str) -> Finding:
    count = _count(m, *_COMMA, reading)
    return Finding(not count, number_of(count, "comma", "commas"), "none" if count else "")


no_comma = Type(
    breaks=("add_comma",),
    paper="Punctuation",
    meaning="There is no comma, of whatever script; one inside a number counts.",
    example={},
    derive=_derive_no_comma,
    check=_check_no_comma,
    readings=(ANY_SCRIPT, ASCII),
    ifeval="punctuation:no_comma",
    forms=(
        Form(
            slots={},
            phrasings=(
                "Do not use any commas.",
                "Write without commas.",
                "Leave out every comma.",
                "Your answer must be free of commas.",
                "There should not be a single comma.",
                "Make do without the comma as a mark.",
                "No commas, please.",
            ),
            hearings=(
                "not use (|any |a )(commas|comma)",
                "no (commas|comma)(| at all| anywhere| allowed)",
                "use no commas",
                "commas must be (avoided|forbidden|left out)",
                "commas are (forbidden|not allowed|off limits)",
                'not use (the |)(character |symbol |sign |mark |)","',
            ),
        ),
    ),
)


# -- avoid -----------------------------------------------------------------------------------------------------------


def _derive_avoid(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    absent = [name for name, (_, plain, other) in _SYMBOLS.items() if not _count(m, plain, other, ANY_SCRIPT)]
    return [{"symbol": rng().choice(absent)}] if absent and m.lower_words else []


def _check_avoid(m: Measures, params: Params, reading: str) -> Finding:
    plural, plain, other = _SYMBOLS[params["symbol"]]
    count = _count(m, plain, other, reading)
    return Finding(not count, number_of(count, params["symbol"], plural), "none" if count else "")


avoid = Type(
    paper="Punctuation",
    meaning="The mark does not occur, in ASCII or as another script's or a typographic form of it.",
    example={"symbol": "exclamation mark"},
    derive=_derive_avoid,
    check=_check_avoid,
    readings=(ANY_SCRIPT, ASCII),
    forms=(
        Form(
            slots={
                "symbol": Choice(
                    {
                        name: {
                            "": plural,
                            "one": name,
                            "called": _ALSO_CALLED[name][0],
                            "sign": _ALSO_CALLED[name][1],
                        }
                        for name, (plural, *_) in _SYMBOLS.items()
                    }
                )
            },
            phrasings=(
                "Do not use any {symbol}.",
                "Avoid {symbol}.",
                "Write without a single {symbol:one}.",
                "Your answer must be free of {symbol}.",
                "{symbol} are off limits.",
                "Manage without {symbol} throughout.",
                "No {symbol}, please.",
            ),
            hearings=(
                "not use (|any |a |an |the )({symbol}|{symbol:one}|{symbol:called}|{symbol:sign})(| at all| anywhere)",
                "not use (the |)(character|symbol|sign|mark) {symbol:sign}",
                "no ({symbol}|{symbol:one}|{symbol:called}|{symbol:sign})(| at all| anywhere| allowed)",
                "use no ({symbol}|{symbol:called})",
                "({symbol}|{symbol:called}) (must be avoided|are forbidden|are not allowed)",
            ),
        ),
    ),
)


# -- ends of sentences -----------------------------------------------------------------------------------------------

_ENDINGS: Final = {"full stop": ".。", "exclamation mark": "!！", "question mark": "?？"}
_AFTER_END = "\"'”’»)]}*_`-=# \t\n"


def _is_label(line: str) -> bool:
    """Whether a line is no sentence although it holds letters: a heading, a title, a name, a salutation."""
    line = line.strip()
    return line.startswith(("#", "<<", "|")) or len(line.split()) <= 4


def _sentence_ends(m: Measures, reading: str) -> list[str]:
    """The last character of each sentence; short lines without an end mark are labels, not sentences."""
    ends = []
    for start, end in m.sentences(reading):
        sentence = m.text[start:end]
        last = sentence.rstrip(_AFTER_END)[-1:]
        if last in ".!?…。！？" or not all(map(_is_label, sentence.split("\n"))):
            ends.append(last)
    return ends


def _derive_sentence_end(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    ends = _sentence_ends(m, SENTENCE_READINGS[0])
    if len(ends) < 2 or not in_prose(m):
        return []
    mark = next((name for name, marks in _ENDINGS.items() if ends[0] and ends[0] in marks), None)
    params = {"mark": mark}
    holds = mark and all(_check_sentence_end(m, params, reading).satisfied for reading in SENTENCE_READINGS)
    return [params] if holds else []


def _check_sentence_end(m: Measures, params: Params, reading: str) -> Finding:
    ends = _sentence_ends(m, reading)
    other = sum(1 for end in ends if not end or end not in _ENDINGS[params["mark"]])
    if not ends:
        return Finding(False, "no sentence")
    if other:
        return Finding(
            False, f"{other} of {number_of(len(ends), 'sentence', 'sentences')} without {_a(params['mark'])} at the end"
        )
    return Finding(True, f"all {number_of(len(ends), 'sentence', 'sentences')} with {_a(params['mark'])} at the end")


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


sentence_end = Type(
    breaks=("change_ends", "drop_full_stop", "drop_exclamation", "drop_question"),
    paper="Punctuation",
    meaning="Every sentence ends with the mark; titles, headings and unmarked lines of up to four words are none.",
    example={"mark": "exclamation mark"},
    derive=_derive_sentence_end,
    check=_check_sentence_end,
    readings=SENTENCE_READINGS,
    forms=(
        Form(
            slots={
                "mark": Choice(
                    {
                        "full stop": {"": "a full stop", "called": "a period", "sign": '"."', "bare": "full stop"},
                        "exclamation mark": {
                            "": "an exclamation mark",
                            "called": "an exclamation point",
                            "sign": '"!"',
                            "bare": "exclamation mark",
                        },
                        "question mark": {
                            "": "a question mark",
                            "called": "a question mark",
                            "sign": '"?"',
                            "bare": "question mark",
                        },
                    }
                )
            },
            phrasings=(
                "End every sentence with {mark}.",
                "Each sentence must close with {mark}.",
                "Put {mark} at the end of every sentence.",
                "All sentences should finish with {mark}.",
                "No sentence may end in anything but {mark}.",
                "Let {mark} conclude each sentence.",
                "The only mark that ends your sentences should be the {mark:bare}.",
            ),
            hearings=(
                "(end|finish|close) (every sentence|all sentences|your sentences) (with|in) "
                "({mark}|{mark:called}|{mark:sign})",
                "(every sentence|all sentences) must (end|finish|close) (with|in) ({mark}|{mark:called}|{mark:sign})",
            ),
        ),
    ),
)

"""FollowBench's rules: the items that a program decides, as `code/rule_based_evaluation.py` of its repository does.

Facts of the official rules that a reader may stumble over: white space around an exact answer fails; sentences are what
stands between the marks `.!?`, decimal points among them; a cap "less than 20 words" counts pieces between single
blanks; the answer of `example` may not have a line break. What contradicts the instruction's own wording is listed in
`FAULTS`, with the rule that a `fixed` verdict takes instead.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Callable
from dataclasses import dataclass

from crab.core.records import Verdict
from crab.evaluation.followbench.items import Item

Rule = Callable[[Item, str], str | None]
"""An item and a response to None where it is met, else why not."""
Step = tuple[str, Callable[[str], bool]]
"""What one level adds, in words and as a test."""


def decide(item: Item, response: str, fixed: bool = False) -> Verdict | None:
    """The verdict of an item's rule on all constraints of its level together; None where only a judge can tell."""
    rule = _rule(item, fixed)
    if rule is None:
        return None
    if not response.strip():
        return Verdict(False, "the response is empty", "rule")
    reason = rule(item, response)
    return Verdict(reason is None, reason or "", "rule")


def has_rule(item: Item) -> bool:
    """Whether a program decides the item."""
    return _rule(item, fixed=False) is not None


def _rule(item: Item, fixed: bool) -> Rule | None:
    key = _key(item)
    if fixed and key in FAULTS:
        return FAULTS[key].fixed
    return _RULES.get(key)


def _key(item: Item) -> str:
    if item.category == "example":
        return "example"
    return f"format {item.chain}" if item.category == "format" else item.source


def _exact(item: Item, response: str) -> str | None:
    return _unless(response == item.target, f"not exactly {item.target}")


def _exact_core(item: Item, response: str) -> str | None:
    return _unless(response.strip() == item.target.strip(), f"not exactly {item.target}")


def _lines_in_target(item: Item, response: str) -> str | None:
    known = item.target.split("\n")
    wrong = [line for line in response.split("\n") if line not in known]
    return _unless(not wrong, f"not among the events: {''.join(wrong[:1])}")


def _asked_lines_in_target(item: Item, response: str) -> str | None:
    """As `_lines_in_target`, with as many different events as are asked for, and outer white space free."""
    lines = [line.strip() for line in response.split("\n") if line.strip()]
    found = re.search(r"extract (\d+) events?", item.instruction)
    asked = int(found[1]) if found else None
    counted = asked is None or len(lines) == len(set(lines)) == asked
    return _unless(counted, f"{len(set(lines))} different events, not {asked}") or _lines_in_target(
        item, "\n".join(lines)
    )


def _in_list(item: Item, response: str) -> str | None:
    return _unless(response in ast.literal_eval(item.target), f"not one of {item.target}")


def _core_in_list(item: Item, response: str) -> str | None:
    return _in_list(item, response.strip())


def _last(pattern: str) -> Rule:
    def rule(item: Item, response: str) -> str | None:
        found = re.findall(pattern, response)
        return _unless(found[-1:] == [item.target], f"answers {''.join(found[-1:]) or 'nothing'}, not {item.target}")

    return rule


def _holds_target(item: Item, response: str) -> str | None:
    return _unless(item.target in response, f"without {item.target}")


def _holds_target_whole(item: Item, response: str) -> str | None:
    whole = rf"(?<!\w){re.escape(item.target)}(?!\w)"
    return _unless(re.search(whole, response) is not None, f"without {item.target}")


def _template(item: Item, response: str) -> str | None:
    """The target without the instruction is a form; what stands for the answer is any text on one line."""
    form = item.target.replace("{instruction}\n", "").replace("{{", "{").replace("}}", "}")
    pattern = ".*".join(map(re.escape, form.split("{answer}")))
    return _unless(re.fullmatch(pattern, response) is not None, f"not of the form {form}")


def _steps(*steps: Step) -> Rule:
    """The first steps, as many as the level: each level keeps those before it."""

    def rule(item: Item, response: str) -> str | None:
        return next((words for words, test in steps[: item.level] if not test(response)), None)

    return rule


def _unless(met: bool, reason: str) -> str | None:
    return None if met else reason


def _sentences(text: str) -> list[str]:
    """What stands between the marks, blank pieces included, as the official code splits."""
    return [piece for piece in re.split(r"[.!?]", text) if piece]


def _prose(text: str) -> list[str]:
    """Sentences as a reader counts them: number markers at the start of lines and blank pieces are none."""
    text = re.sub(r"^\s*\d+[.)]\s*", "", text, flags=re.MULTILINE)
    return [piece for piece in re.split(r"(?<=[.!?])\s+|\n+", text) if piece.strip()]


def _paragraphs(text: str) -> list[str]:
    return text.split("\n\n")


def _count(sentences: int) -> Step:
    return f"not {sentences} sentences", lambda text: len(_sentences(text)) == sentences


def _below(words: int) -> Step:
    return f"{words} words or more", lambda text: len(text.split(" ")) < words


def _with(word: str) -> Step:
    return f"without {word}", lambda text: _holds(text, word)


def _without(word: str) -> Step:
    return f"with {word}", lambda text: not _holds(text, word)


def _holds(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text) is not None


def _nth_holds(text: str, place: int, word: str) -> bool:
    return any(_holds(sentence, word) for sentence in _sentences(text)[place - 1 : place])


def _marks(text: str) -> int:
    return sum(character in string.punctuation for character in text)


def _perfect(sentence: str) -> bool:
    return re.search(r"\b(has|have)\s+\w+", sentence) is not None


_CNN = _steps(
    _count(3),
    ("a sentence of 15 words or more", lambda text: all(len(one.split()) < 15 for one in _sentences(text))),
    (
        "Potter, actor, films not in sentence 1, 2, 3",
        lambda text: all(_nth_holds(text, place, word) for place, word in enumerate(("Potter", "actor", "films"), 1)),
    ),
    ("lavish in sentence 2", lambda text: not _nth_holds(text, 2, "lavish")),
    ("sentence 3 is not in the present perfect", lambda text: any(map(_perfect, _sentences(text)[2:3]))),
)
_XSUM = _steps(
    _count(1),
    _below(20),
    _without("Newton Stewart"),
    ("no present progressive", lambda text: re.search(r"\b(am|is|are)\s+\w+ing\b", text) is not None),
    _with("operation"),
)
_SAMSUM = _steps(
    _count(1),
    _below(15),
    _with("stuff"),
    ("a form of procrast", lambda text: "procrast" not in text.lower()),
    ("not one mark", lambda text: _marks(text) == 1),
)
_GIGAWORD = _steps(
    ("not 8 words", lambda text: len(text.split(" ")) == 8),
    ("a mark", lambda text: _marks(text) == 0),
    ("not in lower case", str.islower),
    _without("bus"),
    _with("in"),
)
_ARXIV = _steps(
    _count(1),
    ("more than 20 words", lambda text: len(text.split(" ")) <= 20),
    ("does not begin with We", lambda text: text.startswith("We")),
    _with("activations"),
    _without("transformer"),
)

_LONG: Step = ("a sentence of 20 words or fewer", lambda text: all(len(one.split()) > 20 for one in _sentences(text)))
_NUMBERED: Step = (
    "a paragraph without a number marker",
    lambda text: all(re.match(r"\s*\d+\.", one) for one in _paragraphs(text) if one.strip()),
)
_SHORT: Step = (
    "three sentences or more in one of the first three paragraphs",
    lambda text: all(len(_sentences(one)) < 3 for one in _paragraphs(text)[:3]),
)
_END: Step = ("does not end with Those are suggestions", lambda text: text.endswith("Those are suggestions"))


def _table(item: Item, response: str) -> str | None:
    """Item 22: at level 5 a fourth paragraph, for the last sentence, is expected."""
    paragraphs = 4 if item.level == 5 else 3
    if len(_paragraphs(response)) != paragraphs:
        return f"not {paragraphs} paragraphs"
    return _steps(("", lambda _: True), _SHORT, _LONG, _NUMBERED, _END)(item, response)


_CLOSING = "Those are suggestions"


def _paragraph_bodies(text: str) -> list[str]:
    """Paragraphs without the closing words, which may stand alone."""
    body = re.sub(rf"\s*{_CLOSING}[.!]?\s*$", "", text.strip())
    return [one for one in re.split(r"\n\s*\n", body) if one.strip()]


_TABLE_FIXED = _steps(
    ("not three paragraphs", lambda text: len(_paragraph_bodies(text)) == 3),
    (
        "a paragraph of three sentences or more",
        lambda text: all(len(_prose(one)) < 3 for one in _paragraph_bodies(text)),
    ),
    (
        "a sentence of 20 words or fewer",
        lambda text: all(len(sentence.split()) > 20 for one in _paragraph_bodies(text) for sentence in _prose(one)),
    ),
    (
        "a paragraph without a number marker",
        lambda text: all(re.match(r"\s*\d+[.)]", one) for one in _paragraph_bodies(text)),
    ),
    (f"does not end with {_CLOSING}", lambda text: re.search(rf"{_CLOSING}[.!]?\s*$", text) is not None),
)

_SPEECH_PIECES = re.compile(r"(?<!\w\.\w.)(?<![A-Z][a-z]\.)(?<=\.|\?)\s")


def _pieces(text: str) -> list[str]:
    """Sentences of item 30: cut at white space behind a full stop or question mark, but for abbreviations."""
    return _SPEECH_PIECES.split(text)


_MARKER: Step = ("without the marker **", lambda text: "**" in text)
_KEYWORDS: Step = (
    "not five keywords of the form **1. Growth:",
    lambda text: len(re.findall(r"\*\*\d.+?:", text)) == 5,
)
_POINTS: Step = (
    "a point of two sentences or more",
    lambda text: all(
        len(piece.split(".")) < 3 for piece in _pieces(text) if any(f"{number}." in piece for number in range(1, 6))
    ),
)
_WORDS: Step = (
    "a sentence of fewer than 10 or more than 15 words",
    lambda text: all(10 <= len(piece.split()) <= 15 for piece in _pieces(text)),
)
_LY_LITERAL: Step = (
    "a word that ends in -ly",
    lambda text: not any(word.endswith("-ly") for piece in _pieces(text) for word in piece.split()),
)
_LY: Step = ("a word that ends in ly", lambda text: re.search(r"\w+ly\b", text, re.IGNORECASE) is None)
_POINTS_FIXED: Step = (
    "a point of two sentences or more",
    lambda text: all(len(_prose(line)) < 2 for line in text.split("\n") if "**" in line),
)
_WORDS_FIXED: Step = (
    "a sentence of fewer than 10 or more than 15 words",
    lambda text: all(10 <= len(sentence.replace("**", "").split()) <= 15 for sentence in _prose(text)),
)
_KEYWORDS_FIXED: Step = (
    "not five points that begin with a keyword",
    lambda text: len(re.findall(r"\*\*[^*\n]+?(?::\*\*|\*\*\s*:|:)", text)) == 5,
)

_RULES: dict[str, Rule] = {
    "E2E": _exact,
    "WIKIEVENTS": _lines_in_target,
    "CONLL2003": _in_list,
    "text_editing": _exact,
    "cnn_dailymail": _CNN,
    "xsum": _XSUM,
    "samsum": _SAMSUM,
    "gigaword": _GIGAWORD,
    "arxiv": _ARXIV,
    "BBH_logical": _last(r"\([A-Z]\)"),
    "BBH_time": _last(r"\d{2}/\d{2}/\d{4}"),
    "self_made_space": _holds_target,
    "gsm_8k": _last(r"\$\d+"),
    "format 22": _table,
    "format 30": _steps(_MARKER, _KEYWORDS, _POINTS, _WORDS, _LY_LITERAL),
    "example": _template,
}
"""Source, or category and chain, to its rule."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where an official rule contradicts the instruction, and the rule that takes its place."""

    what: str
    fixed: Rule


FAULTS: dict[str, Fault] = {
    "E2E": Fault("white space around the answer fails", _exact_core),
    "text_editing": Fault("white space around the answer fails", _exact_core),
    "CONLL2003": Fault("white space around the answer fails", _core_in_list),
    "WIKIEVENTS": Fault("the number of events is not looked at", _asked_lines_in_target),
    "self_made_space": Fault("14th floor is found in 114th floor", _holds_target_whole),
    "format 22": Fault(
        "a number marker is a sentence of one word, so that no answer can pass levels 4 and 5; a fourth paragraph is "
        "expected at level 5, and only the first three are looked at",
        _TABLE_FIXED,
    ),
    "format 30": Fault(
        "constraints are tested in another order than the instructions add them, and the suffix as the literal -ly",
        _steps(_MARKER, _POINTS_FIXED, _WORDS_FIXED, _LY, _KEYWORDS_FIXED),
    ),
}
"""Known faults of the official rules, in one place."""

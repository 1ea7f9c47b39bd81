"""One table of sentences for both directions: rendering fills a sentence's slots, parsing looks the sentence up.

A sentence is written once, as a template::

    Use at least {n} [bullet point|bullet points].

`{n}` is a slot (`{n:word}` prefers "three" to "3", `{n:+1}` writes one more); `[one|many]` agrees with the number or
list nearest before it, else with the next one. Templates that are only understood, never written, may also hold
alternatives: `(be|stay) under {n:+1} words`.

To read a sentence, its quotations and numbers are taken out and synonyms are levelled; what is left, its *skeleton*,
is looked up in a dict made from the templates by the very same steps. So whatever is rendered parses back, reading
takes linear time, and two templates that look alike but mean different things are found when the table is made.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final, Protocol

Params = dict[str, Any]
Value = int | tuple[str, ...]
"""What is taken out of a sentence: a number, or quoted words."""

MAX_SENTENCE = 1000
"""Characters; a longer text is no constraint that we could read."""

# -- slots -----------------------------------------------------------------------------------------------------------

_SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
_UNITS = _SMALL.split()
_TENTHS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * tens for tens, word in enumerate(_TENTHS.split(), 2)}
NUMBER_WORDS: Final = {
    **{word: number for number, word in enumerate(_UNITS)},
    **_TENS,
    **{f"{ten}-{unit}": _TENS[ten] + _UNITS.index(unit) for ten in _TENS for unit in _UNITS[1:10]},
}


class Slot(Protocol):
    """A kind of parameter: what it accepts, how it is written, how it is read."""

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""

    def write(self, value: Any, style: str) -> str:
        """The value as a template's slot shows it."""

    def read(self, found: Value) -> Any:
        """The value back from what was taken out of a sentence; None if it is of another kind."""

    def sample(self, index: int) -> Any:
        """A value that no template holds by itself, different for each index."""


@dataclass(frozen=True)
class Number:
    """A whole number."""

    least: int = 0
    most: int = 999_999

    def problem(self, value: Any) -> str | None:
        if type(value) is not int:
            return f"{value!r} is not a whole number"
        if not self.least <= value <= self.most:
            return f"{value} is not between {self.least} and {self.most}"
        return None

    def write(self, value: Any, style: str) -> str:
        if style == "word" and value <= 12:
            return _UNITS[int(value)]
        return str(value + _added(style))

    def read(self, found: Value) -> int | None:
        return found if isinstance(found, int) else None

    def sample(self, index: int) -> int:
        return 700_000 + 100 * index


@dataclass(frozen=True)
class Phrase:
    """Words to be quoted exactly."""

    most_words: int = 12

    def problem(self, value: Any) -> str | None:
        if not isinstance(value, str):
            return f"{value!r} is not a text"
        if not value.strip() or value != value.strip() or '"' in value or "\n" in value or "\r" in value:
            return f"{value!r} is empty, or holds a double quotation mark, a line break or white space at an end"
        if not any(map(str.isalnum, value)):
            return f"{value!r} holds no letter or digit"
        if len(value.split()) > self.most_words or len(value) > 20 * self.most_words:
            return f"{value!r} is longer than {self.most_words} words"
        return None

    def write(self, value: Any, style: str) -> str:
        return f'"{value}"'

    def read(self, found: Value) -> str | None:
        return found[0] if isinstance(found, tuple) and len(found) == 1 else None

    def sample(self, index: int) -> str:
        return f"sample {index}"


@dataclass(frozen=True)
class Phrases:
    """A list of quoted words or phrases, each named once (whatever its case); style `or` joins with "or"."""

    most: int = 10

    def problem(self, value: Any) -> str | None:
        if not isinstance(value, list) or not value:
            return f"{value!r} is not a list of texts"
        if len(value) > self.most:
            return f"more than {self.most} texts"
        if problem := next(filter(None, map(Phrase(5).problem, value)), None):
            return problem
        if len({text.lower() for text in value}) < len(value):
            return "the same text twice"
        return None

    def write(self, value: Any, style: str) -> str:
        *head, last = (f'"{text}"' for text in value)
        return f"{', '.join(head)} {style or 'and'} {last}" if head else last

    def read(self, found: Value) -> list[str] | None:
        return list(found) if isinstance(found, tuple) else None

    def sample(self, index: int) -> list[str]:
        return [f"sample {index}", f"other {index}"]


@dataclass(frozen=True)
class Choice:
    """One of a few values, each written in the words that the styles name (`""` is the default style)."""

    styles: Mapping[str, Mapping[str, str]]

    def problem(self, value: Any) -> str | None:
        if not isinstance(value, str) or value not in self.styles:
            return f"{value!r} is not one of {', '.join(map(repr, self.styles))}"
        return None

    def write(self, value: Any, style: str) -> str:
        return self.styles[str(value)][style]

    def read(self, found: Value) -> None:
        return None

    def sample(self, index: int) -> str:
        return next(iter(self.styles))


# -- forms -----------------------------------------------------------------------------------------------------------


def literally(values: Sequence[str]) -> Choice:
    """A choice among texts that are written as they are, in quotation marks, or (style `bare`) without."""
    return Choice({value: {"": f'"{value}"', "bare": value} for value in values})


@dataclass(frozen=True)
class Form:
    """One shape that a type's parameters can take, with the sentences that say it."""

    slots: Mapping[str, Slot]
    phrasings: tuple[str, ...]
    """Sentences that we write, at least six; the first ones are the plainest."""
    hearings: tuple[str, ...] = ()
    """More ways in which people say the same; understood, never written."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that tell this form from the type's others, e.g. `{"relation": "at least"}`."""

    def fits(self, params: Mapping[str, Any]) -> bool:
        """Whether parameters are this form's, not another's of the same type."""
        return all(
            type(params.get(name)) is type(value) and params[name] == value for name, value in self.fixed.items()
        )

    def problems(self, params: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Everything wrong with parameters that fit: (name, what)."""
        known = {*self.fixed, *self.slots}
        found = [(name, "is missing") for name in self.slots if name not in params]
        found += [(str(name), "is unknown") for name in params if name not in known]
        found += [
            (name, problem)
            for name, slot in self.slots.items()
            if name in params and (problem := slot.problem(params[name])) is not None
        ]
        if not found and "low" in params and params["low"] >= params["high"]:
            found.append(("high", f"{params['high']} is not more than low, {params['low']}"))
        return found


def _added(style: str) -> int:
    return int(style) if style in ("+1", "-1") else 0


_SLOT = re.compile(r"\{(\w+)(?::([^}]*))?\}")
_AGREEMENT = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")
_PIECES = re.compile(r"(\{[^}]*\}|\[[^\]]*\|[^\]]*\])")
_ALTERNATIVES = re.compile(r"\(([^()]*\|[^()]*)\)")
_BAR = re.compile(r"\|(?![^\[\]]*\])")  # not the one inside [one|many]


@cache
def _pieces(template: str) -> tuple[str, ...]:
    return tuple(_PIECES.split(template))


def fill(template: str, form: Form, params: Mapping[str, Any], plural: bool | None = None) -> str:
    """A template as a sentence.

    Args:
        template: Without alternatives.
        form: Whose slots the template names.
        params: A value for each slot.
        plural: Which half of every `[one|many]`; None: as the numbers ask.
    """
    written: list[str] = []
    numbers: list[tuple[int, bool]] = []  # where in `written`, and whether many
    agreements: list[tuple[int, str, str]] = []
    for piece in _pieces(template):
        if piece[:1] == "{" and (slot := _SLOT.fullmatch(piece)):
            name, style = slot[1], slot[2] or ""
            value = params[name]
            piece = form.slots[name].write(value, style)
            if isinstance(value, int | list):
                amount = value + _added(style) if isinstance(value, int) else len(value)
                numbers.append((len(written), amount != 1))
        elif piece[:1] == "[" and (agreement := _AGREEMENT.fullmatch(piece)):
            agreements.append((len(written), agreement[1], agreement[2]))
        written.append(piece)
    for place, one, many in agreements:
        before = [is_many for where, is_many in numbers if where < place]
        after = [is_many for where, is_many in numbers if where > place]
        is_many = (before[-1] if before else after[0] if after else True) if plural is None else plural
        written[place] = many if is_many else one
    sentence = "".join(written)
    return sentence[:1].upper() + sentence[1:]


def render(form: Form, params: Mapping[str, Any], rng: random.Random, max_phrasings: int | None = None) -> str:
    """One of the form's first `max_phrasings` sentences (all of them: None), filled with the parameters."""
    return fill(rng.choice(form.phrasings[:max_phrasings]), form, params)


# -- skeletons -------------------------------------------------------------------------------------------------------

_QUOTED, _EITHER, _NUMBER = "\ue000", "\ue001", "\ue002"  # private use: quotations, some joined with "or", a number
_QUOTE = r"""(?:"[^"\n]*"|“[^”\n]*”|«[^»\n]*»|`[^`\n]*`|(?<!\w)'[^'\n]+'(?!\w)|(?<!\w)‘[^’\n]+’(?!\w))"""
_TAKEN_OUT = re.compile(
    rf"(?:\[ ?)?(?P<quoted>{_QUOTE}(?:(?:, ?(?:and |or |& )?| (?:and|or|&) |; ?){_QUOTE})*)(?: ?\])?"
    r"|(?<![\w.,])(?P<digits>\d{1,3}(?:,\d{3})+|\d{1,9})(?![\w]|[.,]\d)"
    rf"|\b(?=[enotfsz])(?P<word>(?:{'|'.join(_TENS)})(?:-(?:{'|'.join(_UNITS[1:10])}))?|{'|'.join(_UNITS)})\b",
    re.IGNORECASE,
)
_SINGLE = re.compile(_QUOTE)

# Levelling: differences that change nothing of what is asked, in this order. Templates go through the same steps, so
# a line here can make two sentences equal, but then the table knows if they mean different things.
_AMOUNT = rf"(?=(?:at least|at most|exactly|between|around|under|over|from) {_NUMBER})"
_LEVELLED = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[’ʼ]", "'"),
        (r"\s+", " "),
        (r"^(?:[-*•] |\d+[.)] )", ""),
        (r" ?(?:%|\bper ?cent\b)", "%"),
        (r",? please$", ""),
        (r"^(?:please |kindly |also,? |additionally,? )+", ""),
        (
            r"\b(?:your|the|this) (?:entire |whole |full |final |complete )?(?:response|answer|reply|output)\b",
            "the response",
        ),
        (r",? (?:in|within|throughout) the response$", ""),
        (r"^(?:in|within|throughout) the response,? ", ""),
        (r"^(?:make sure|ensure|be sure|see to it|remember)(?: that| to)? (?:you )?", ""),
        (r"^(?:i (?:want|would like|need|expect) )(?:you to |to see )?", "use "),
        (r"\b(?:should|has to|have to|needs to|need to|shall|ought to|is to|are to|will) (?=\w)", "must "),
        (r"\bthe response (contain|include|use|end|begin|start|feature|need)s\b", r"the response must \1"),
        (r"\bthe response has\b", "the response must have"),
        (r"\b(the response|there|sentence|words?|letters?) (?:is|are)\b", r"\1 must be"),
        (r"\b(?:do not|don't|never)\b", "not"),
        (r"\b(?:include|contain|have|add|write|provide|give|produce|feature|employ|incorporate)\b(?: me\b)?", "use"),
        (r"\b(?:refrain from|avoid|without)\b(?: using| use| the use of| including)*", "not use"),
        (r"\bnot use (?:any|a single|a|an|the) ", "not use "),
        (r"\bupper[ -]case\b", "uppercase"),
        (r"\blower[ -]case\b", "lowercase"),
        (r"\b(?:each|every)(?: single)?(?: of the)?\b", "every"),
        (r"\bper (?=sentence|paragraph)", "in every "),
        (
            rf"\b(?:a minimum of|minimum of|no fewer than|no less than|not fewer than|not less than)(?= {_NUMBER})",
            "at least",
        ),
        (rf"\b(?:a maximum of|maximum of|no more than|not more than|up to)(?= {_NUMBER})", "at most"),
        (rf"\b(?:fewer than|less than|below)(?= {_NUMBER})", "under"),
        (rf"\b(?:more than|above)(?= {_NUMBER})", "over"),
        (rf"\bprecisely(?= {_NUMBER})", "exactly"),
        (rf"\b(?:about|approximately|roughly)(?= {_NUMBER})", "around"),
        (r"^(?:the response|you) must ", ""),
        (r"^there must be ", "use "),
        (r"^(?:answer|respond|reply) (?:with|in|using|as) ", "use "),
        (r" (?:long|in length|in total|altogether)$", ""),
        (
            r"^(?:be|stay|aim for|stick to|keep to"
            r"|(?:keep|limit|restrict) (?:it|the response|yourself)(?: to| within)?) " + _AMOUNT,
            "use ",
        ),
        ("^" + _AMOUNT, "use "),
        (
            rf"^(?:(?:keep|limit|restrict) (?:it|the response|yourself) (?:to|within)|stay within) (?={_NUMBER})",
            "use at most ",
        ),
        (r"\buse use\b", "use"),
        (rf"^(?:use )?{_NUMBER} or more ", f"use at least {_NUMBER} "),
        (
            rf"^(?:use )?{_NUMBER} (.+?),? (?:or more|minimum|at least|at the least|at minimum)$",
            rf"use at least {_NUMBER} \1",
        ),
        (rf"^(?:use )?{_NUMBER} or (?:fewer|less) ", f"use at most {_NUMBER} "),
        (
            rf"^(?:use |use at most )?{_NUMBER} (.+?),? (?:or fewer|or less|maximum|max|at most|at the most|tops)$",
            rf"use at most {_NUMBER} \1",
        ),
    )
)


@lru_cache(maxsize=8192)
def _level(sentence: str) -> str:
    for pattern, replacement in _LEVELLED:
        sentence = pattern.sub(replacement, sentence)
    return sentence


def skeleton(text: str) -> tuple[str, tuple[Value, ...]] | None:
    """What a sentence says apart from its numbers and quotations, and those; None if it is too long to be one."""
    if len(text) > MAX_SENTENCE or _QUOTED in text or _EITHER in text or _NUMBER in text:
        return None
    values: list[Value] = []

    def take_out(match: re.Match[str]) -> str:
        if (quoted := match["quoted"]) is not None:
            values.append(tuple(quote[1:-1].strip() for quote in _SINGLE.findall(quoted)))
            return _EITHER if "or" in _SINGLE.sub("", quoted).lower() else _QUOTED
        values.append(int(match["digits"].replace(",", "")) if match["digits"] else NUMBER_WORDS[match["word"].lower()])
        return _NUMBER

    left = _TAKEN_OUT.sub(take_out, text.strip()).lower().rstrip(" .!")
    return _level(left), tuple(values)


# -- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bound:
    """A value that fills a slot, after `added` was added to it."""

    slot: str
    added: int


@dataclass(frozen=True)
class _Meaning:
    """What a skeleton says: a type, a form of it, and where each value goes."""

    type: str
    form: Form
    chosen: tuple[tuple[str, Any], ...]
    parts: tuple[_Bound | Value, ...]
    """For each value taken out: the slot that it fills, or the value that must stand there."""

    def params(self, values: Sequence[Value]) -> Params | None:
        params: Params = {**self.form.fixed, **dict(self.chosen)}
        for part, value in zip(self.parts, values, strict=True):
            if not isinstance(part, _Bound):
                if part != value:
                    return None
                continue
            found = self.form.slots[part.slot].read(value)
            if part.added and found is not None:
                found -= part.added
            if found is None or params.setdefault(part.slot, found) != found:
                return None
        return None if self.form.problems(params) else params

    def excludes(self, other: _Meaning) -> bool:
        """Whether no sentence can mean both: somewhere one wants a value that the other does not take."""
        return any(
            not (self._takes(mine, theirs) if isinstance(mine, _Bound) else other._takes(theirs, mine))
            for mine, theirs in zip(self.parts, other.parts, strict=True)
        )

    def _takes(self, part: _Bound | Value, value: _Bound | Value) -> bool:
        if not isinstance(part, _Bound):
            return part == value
        if isinstance(value, _Bound):
            return True
        slot = self.form.slots[part.slot]
        return (found := slot.read(value)) is not None and slot.problem(found) is None


class Lexicon:
    """All sentences that can be read."""

    def __init__(self, forms: Mapping[str, Sequence[Form]]) -> None:
        """Make the table.

        Args:
            forms: The forms of each type.

        Raises:
            ValueError: Two templates look alike and mean different things, or one does not show all of its slots.
        """
        self._meanings: dict[str, list[_Meaning]] = {}
        for name, type_forms in forms.items():
            for form in type_forms:
                for template in (*form.phrasings, *form.hearings):
                    self._learn(name, form, template)

    def _learn(self, name: str, form: Form, template: str) -> None:
        choices = {slot: list(kind.styles) for slot, kind in form.slots.items() if isinstance(kind, Choice)}
        samples = {slot: kind.sample(index) for index, (slot, kind) in enumerate(form.slots.items())}
        for chosen in itertools.product(*choices.values()):
            fixed = dict(zip(choices, chosen, strict=True))
            numbers = (False, True) if "[" in template else (True,)
            for variant, plural in itertools.product(variants(template), numbers):
                found = skeleton(fill(variant, form, {**samples, **fixed}, plural))
                assert found is not None
                left, values = found
                parts = tuple(_bind(value, form, samples) for value in values)
                bound = {part.slot for part in parts if isinstance(part, _Bound)}
                if bound | {*fixed} != {*form.slots}:
                    raise ValueError(f"{name}: {variant!r} does not show every slot")
                meaning = _Meaning(name, form, tuple(fixed.items()), parts)
                # A list joined with "or" may be a single quotation, or joined with commas alone.
                for heard in {left, left.replace(_EITHER, _QUOTED)}:
                    self._remember(heard, meaning, variant)

    def _remember(self, left: str, meaning: _Meaning, template: str) -> None:
        known = self._meanings.setdefault(left, [])
        for other in known:
            if other != meaning and not other.excludes(meaning):
                raise ValueError(f"{meaning.type}: {template!r} reads like a sentence of {other.type}: {left!r}")
        if meaning not in known:
            known.append(meaning)

    def read(self, text: str) -> tuple[str, Params] | None:
        """The type and parameters that a sentence states, or None."""
        found = skeleton(text)
        if found is None:
            return None
        left, values = found
        for meaning in self._meanings.get(left, ()):
            if (params := meaning.params(values)) is not None:
                return meaning.type, params
        return None


def variants(template: str) -> Iterator[str]:
    """A template without its alternatives: one template for each combination."""
    if not (match := _ALTERNATIVES.search(template)):
        yield template
        return
    for option in _BAR.split(match[1]):
        yield from variants(template[: match.start()] + option + template[match.end() :])


def _bind(value: Value, form: Form, samples: Mapping[str, Any]) -> _Bound | Value:
    for name, sample in samples.items():
        found = form.slots[name].read(value)
        if isinstance(found, int) and isinstance(sample, int) and abs(found - sample) <= 1:
            return _Bound(name, found - sample)
        if found is not None and found == sample:
            return _Bound(name, 0)
    return value

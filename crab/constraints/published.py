"""IFEval's 25 published types, as other names for ours: their ids and arguments, there and back.

`typed` gives what a published instruction asks for in our own types; `published` gives the published instructions that
say what our constraints say. Arguments are the published ones (arXiv 2311.07911): none of them is ever made up, and 0
is a value.

Where a reader's understanding and the official code part, we take the reader's. `DIFFERENCES` lists every such case;
`crab.evaluation` has the official verdicts, to the letter.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, Final

from crab.constraints.json_output import IN_A_FENCE_OR_NOT
from crab.constraints.kinds import Finding, Type
from crab.constraints.phrasing import Form, Params, Phrase
from crab.constraints.quantity import AT_LEAST, AT_MOST, EXACTLY, bounds
from crab.constraints.quotation import quotable
from crab.constraints.registry import TYPES
from crab.core.errors import ParameterError, Problem
from crab.core.records import Constraint
from crab.core.text import Measures

Arguments = Mapping[str, Any]
Typed = list[tuple[str, Params]]

DIFFERENCES: Final[Mapping[str, str]] = {
    "keywords:existence": "A keyword is a whole word, taken literally; the official code also finds it inside "
    "longer words, and reads it as a regular expression.",
    "keywords:frequency": "As for keywords:existence; inside longer words it does not count.",
    "keywords:forbidden_words": "A word is taken literally, not as a regular expression.",
    "keywords:letter_frequency": "A mark such as # is counted; the official code draws a random letter in its place.",
    "language:response_language": "The language is told by CLD2 (by langid where CLD2 cannot tell), not by langdetect, "
    "which is random; a text in which none can be told is in no language, where the official code passes it.",
    "length_constraints:number_sentences": "A line break ends a sentence, and what holds no letter is none.",
    "length_constraints:number_paragraphs": "A divider stands on a line of its own, and a part that holds no letter or "
    "digit is none; the official code also splits at *** inside a line, as bold italics have it.",
    "length_constraints:nth_paragraph_first_word": "A line with nothing but spaces separates paragraphs too, and marks "
    "before the first word do not matter.",
    "detectable_content:number_placeholders": "Links, check boxes and empty brackets are no placeholders.",
    "detectable_content:postscript": "The postscript is in the last paragraph, at the beginning of a line; the "
    "official code finds its mark anywhere.",
    "detectable_format:number_bullet_lists": "Items of markdown lists count; lines in a code block, rules (---) and "
    "lines that begin with a bold word do not.",
    "detectable_format:constrained_response": "The answer is one of the options and nothing else; the official code "
    "finds one anywhere in the text.",
    "detectable_format:number_highlighted_sections": "Each markdown span in italics or bold counts once; the official "
    "code takes what lies between any two asterisks of a line, and misses underscores.",
    "detectable_format:multiple_sections": "There are as many sections as asked for, each on a line of its own; the "
    "official code is content with more, and finds their marks anywhere.",
    "detectable_format:json_format": "NaN and infinities are no JSON, nor is a bare number or text.",
    "combination:repeat_prompt": "An answer follows; the kind of quotation mark and of white space does not matter.",
    "startend:end_checker": "The phrase is not the end of a longer word; emphasis marks after it do not matter.",
    "startend:quotation": "Typographic quotation marks will do, and something stands between them.",
    "change_case:english_capital": "As for language:response_language.",
    "change_case:english_lowercase": "As for language:response_language.",
    "change_case:capital_word_frequency": "A hyphen separates words, as everywhere else in this library.",
    "punctuation:no_comma": "Commas of other scripts are commas.",
}
"""Published id -> where our meaning differs from the official code. The other types mean the same."""


@dataclass(frozen=True)
class _Published:
    """One published type."""

    arguments: tuple[str, ...]
    types: tuple[str, ...]
    """Our types that say it together."""
    typed: Callable[[Arguments], Typed]
    back: Callable[[Mapping[str, list[Params]]], list[Params]]
    """Our parameters by type -> the arguments of each published instruction that says the same."""
    reading: str = ""
    """The reading that the published sentence asks for, where it is not our canonical one."""


# -- numbers ---------------------------------------------------------------------------------------------------------


def _relation(n: Any, relation: Any) -> Params:
    """Our relation for a published one: "less than" n is at most n - 1."""
    if relation == "less than" and type(n) is int:
        if n < 1:
            raise ParameterError(Problem("relation", f"nothing is less than {n}", "a number of at least 1"))
        return {"relation": AT_MOST, "n": n - 1}
    if relation in ("less than", AT_LEAST):
        return {"relation": AT_LEAST, "n": n}
    raise ParameterError(Problem("relation", repr(relation), "'less than' or 'at least'"))


def _counted(type_: str, number: str, relation: str, things: Mapping[str, str] | None = None) -> _Published:
    """A published type with a number and a relation; `things` are its other arguments, with our names."""
    others = things or {}

    def typed(arguments: Arguments) -> Typed:
        same = {ours: arguments[theirs] for theirs, ours in others.items()}
        return [(type_, {**same, **_relation(arguments[number], arguments[relation])})]

    def back(params: Mapping[str, list[Params]]) -> list[Params]:
        found: list[Params] = []
        for ours in params.get(type_, ()):
            same = {theirs: ours[name] for theirs, name in others.items()}
            low, high = bounds(ours)
            if ours["relation"] != AT_MOST:
                found.append({**same, number: low, relation: AT_LEAST})
            if ours["relation"] != AT_LEAST:
                found.append({**same, number: int(high) + 1, relation: "less than"})
        return found

    return _Published((*others, number, relation), (type_,), typed, back)


def _number(type_: str, number: str, relation: str, fixed: Params | None = None) -> _Published:
    """A published type with a number whose relation is understood."""
    always = {"relation": relation, **(fixed or {})}

    def back(params: Mapping[str, list[Params]]) -> list[Params]:
        return [{number: p["n"]} for p in params.get(type_, ()) if {**p, **always} == p]

    return _Published((number,), (type_,), lambda arguments: [(type_, {**always, "n": arguments[number]})], back)


# -- everything else -------------------------------------------------------------------------------------------------


def _plain(*types: str, params: Params | None = None) -> _Published:
    """A published type without arguments."""
    wanted = params or {}
    needed = {type_: _ENGLISH if type_ == "language:is" else wanted for type_ in types}

    def back(found: Mapping[str, list[Params]]) -> list[Params]:
        return [{}] if all(p in found.get(type_, ()) for type_, p in needed.items()) else []

    return _Published((), types, lambda arguments: [(type_, {**p}) for type_, p in needed.items()], back)


_ENGLISH: Final[Params] = {"language": "en"}


def _renamed(
    type_: str,
    theirs: str,
    ours: str,
    change: Callable[[Any], Any] = lambda value: value,
    changed_back: Callable[[Any], Any] = lambda value: value,
) -> _Published:
    """A published type with one argument that has another name with us."""
    return _Published(
        (theirs,),
        (type_,),
        lambda arguments: [(type_, {ours: change(arguments[theirs])})],
        lambda found: [{theirs: changed_back(params[ours])} for params in found.get(type_, ())],
    )


def _each_once(words: Any) -> Any:
    """The words, each once whatever its case, as our lists have them."""
    return [*{word.lower(): word for word in reversed(words)}.values()][::-1] if isinstance(words, list) else words


def _paragraph(arguments: Arguments) -> Typed:
    return [
        ("length:num_paragraphs", {"relation": EXACTLY, "n": arguments["num_paragraphs"]}),
        ("place:paragraph_first_word", {"n": arguments["nth_paragraph"], "word": arguments["first_word"]}),
    ]


def _paragraph_back(found: Mapping[str, list[Params]]) -> list[Params]:
    numbers = [params["n"] for params in found.get("length:num_paragraphs", ()) if params["relation"] == EXACTLY]
    return [
        {"num_paragraphs": number, "nth_paragraph": params["n"], "first_word": params["word"]}
        for number in numbers[:1]
        for params in found.get("place:paragraph_first_word", ())
    ]


def _sections(arguments: Arguments) -> Typed:
    label, number = arguments["section_spliter"], arguments["num_sections"]
    return [("format:sections", {"relation": EXACTLY, "label": label, "n": number})]


def _sections_back(found: Mapping[str, list[Params]]) -> list[Params]:
    exact = [params for params in found.get("format:sections", ()) if params["relation"] == EXACTLY]
    return [{"section_spliter": params["label"], "num_sections": params["n"]} for params in exact]


_OFFICIAL_OPTIONS: Final = ["My answer is yes.", "My answer is no.", "My answer is maybe."]

PUBLISHED: Final[Mapping[str, _Published]] = {
    "keywords:existence": _renamed("keywords:include", "keywords", "words", _each_once),
    "keywords:frequency": _counted("keywords:frequency", "frequency", "relation", {"keyword": "word"}),
    "keywords:forbidden_words": _renamed("keywords:exclude", "forbidden_words", "words", _each_once),
    "keywords:letter_frequency": _counted("letters:frequency", "let_frequency", "let_relation", {"letter": "letter"}),
    "language:response_language": _renamed(
        "language:is", "language", "language", lambda code: {"zh-cn": "zh", "zh-tw": "zh"}.get(code, code)
    ),
    "length_constraints:number_sentences": _counted("length:num_sentences", "num_sentences", "relation"),
    "length_constraints:number_paragraphs": _number("format:separators", "num_paragraphs", EXACTLY, {"marker": "***"}),
    "length_constraints:number_words": _counted("length:num_words", "num_words", "relation"),
    "length_constraints:nth_paragraph_first_word": _Published(
        ("num_paragraphs", "nth_paragraph", "first_word"),
        ("length:num_paragraphs", "place:paragraph_first_word"),
        _paragraph,
        _paragraph_back,
    ),
    "detectable_content:number_placeholders": _number("placeholders:number", "num_placeholders", AT_LEAST),
    "detectable_content:postscript": _renamed(
        "postscript:line",
        "postscript_marker",
        "marker",
        lambda marker: "P.P.S." if marker == "P.P.S" else marker,
        lambda marker: "P.P.S" if marker == "P.P.S." else marker,
    ),
    "detectable_format:number_bullet_lists": _number("items:num_bullets", "num_bullets", EXACTLY),
    "detectable_format:constrained_response": _plain("answer:one_of", params={"options": _OFFICIAL_OPTIONS}),
    "detectable_format:number_highlighted_sections": _number("emphasis:highlighted", "num_highlights", AT_LEAST),
    "detectable_format:multiple_sections": _Published(
        ("section_spliter", "num_sections"), ("format:sections",), _sections, _sections_back
    ),
    # "You can use markdown ticks", says the published sentence.
    "detectable_format:json_format": dataclasses.replace(_plain("format:json"), reading=IN_A_FENCE_OR_NOT),
    "detectable_format:title": _plain("title:wrapped"),
    "combination:two_responses": _plain("combination:two_responses"),
    "combination:repeat_prompt": _renamed("combination:repeat_request", "prompt_to_repeat", "request", quotable),
    "startend:end_checker": _renamed("place:end_with", "end_phrase", "phrase", quotable),
    "startend:quotation": _plain("quotation:whole"),
    "change_case:english_capital": _plain("case:all_uppercase", "language:is"),
    "change_case:english_lowercase": _plain("case:all_lowercase", "language:is"),
    "change_case:capital_word_frequency": _counted("case:num_capital_words", "capital_frequency", "capital_relation"),
    "punctuation:no_comma": _plain("punctuation:no_comma"),
}
"""Published id -> how it is said with our types."""


def is_meant(name: str, arguments: Arguments) -> bool:
    """Whether a published type is named; an id that is a name of ours too is so if the arguments are the published."""
    return name in PUBLISHED and (name not in TYPES or arguments.keys() >= {*PUBLISHED[name].arguments})


def typed(name: str, arguments: Arguments) -> Typed:
    """The types and parameters of ours that say together what a published instruction asks for.

    Args:
        name: A published id.
        arguments: Its published arguments; those that are None count as absent, as data sets pad them.

    Raises:
        ParameterError: The id is unknown, or an argument is missing, unknown or of a kind that no type of ours takes.
    """
    if (kind := PUBLISHED.get(name)) is None:
        raise ParameterError(Problem(repr(name), "no published type", "one of " + ", ".join(PUBLISHED)))
    given = {key: value for key, value in arguments.items() if value is not None}
    problems = [Problem(name, f"{key}: is missing") for key in kind.arguments if key not in given]
    problems += [Problem(name, f"{key}: is unknown") for key in given if key not in kind.arguments]
    if problems:
        raise ParameterError(problems)
    return kind.typed(given)


@cache
def as_type(name: str) -> Type:
    """A published type as one of ours; its parameters are the published arguments.

    Raises:
        KeyError: The id is unknown.
    """
    kind = PUBLISHED[name]
    ours = [TYPES[type_] for type_ in kind.types]
    all_readings = product(*(part.readings for part in ours))
    # The first one is canonical.
    readings = {"; ".join(names): names for names in sorted(all_readings, key=lambda names: kind.reading not in names)}

    def check(m: Measures, params: Params, reading: str) -> Finding:
        asked = [params for _, params in typed(name, params)]
        findings = [
            part.check(m, wanted, reading) for part, wanted, reading in zip(ours, asked, readings[reading], strict=True)
        ]
        failed = [finding for finding in findings if not finding.satisfied]
        return Finding(not failed, "; ".join(finding.reason for finding in failed or findings))

    def implies(a: Params, b: Params) -> bool:
        pairs = zip(ours, typed(name, a), typed(name, b), strict=True)
        return all(part.implies(x, y) for part, (_, x), (_, y) in pairs)

    return Type(
        paper=ours[0].paper,
        meaning=" ".join(part.meaning for part in ours),
        example={},
        forms=(Form(slots={argument: Phrase() for argument in kind.arguments}, phrasings=()),),
        derive=lambda m, instruction, rng: [],  # its parts are derived
        check=check,
        readings=tuple(readings),
        implies=implies,
        ifeval=name,
        breaks=tuple(dict.fromkeys(edit for part in ours for edit in part.breaks)),
    )


def published(constraints: Iterable[Constraint]) -> list[tuple[str, Params]]:
    """The published instructions that say what some of the constraints say: (id, arguments).

    A constraint may need two of them ("exactly 5" is at least 5 and less than 6), and some published ones say what only
    two of ours say together ("in English, and in capital letters"). What no published type can say is left out.
    """
    found: dict[str, list[Params]] = {}
    for constraint in constraints:
        found.setdefault(constraint.type, []).append(constraint.params)
    return [(name, arguments) for name, kind in PUBLISHED.items() for arguments in kind.back(found)]

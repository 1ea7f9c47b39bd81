"""JSON: the whole response or a part of it."""

from __future__ import annotations

from typing import Final

from crab.constraints.code import sole_block
from crab.constraints.json_values import kind_of
from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Choice, Form, Params
from crab.constraints.shape import shape
from crab.core import jsontext
from crab.core.text import Measures

_BARE, IN_A_FENCE_OR_NOT = "bare", "in a fence or not"


def _look_json(m: Measures, reading: str) -> Finding:
    value, error = m.json
    if reading == IN_A_FENCE_OR_NOT and (fence := sole_block(m)):
        value, error = jsontext.parse(fence.code.strip())
    if error:
        return Finding(False, f"no JSON: {error}")
    if not isinstance(value, dict | list):
        return Finding(False, "JSON, but neither an object nor an array")
    return Finding(True, "a JSON object" if isinstance(value, dict) else "a JSON array")


whole = shape(
    paper="Special output format",
    meaning="The whole response is one JSON object or array, without a code fence around it.",
    look=_look_json,
    readings=(_BARE, IN_A_FENCE_OR_NOT),
    ifeval="detectable_format:json_format",
    phrasings=(
        "Answer with valid JSON and nothing else.",
        "The entire output must be JSON.",
        "Format the whole response as JSON.",
        "Return nothing but a JSON value.",
        "I need the complete answer as JSON that a program can parse.",
        "Respond in JSON only.",
    ),
    hearings=(
        "use (|valid )json (only|format)",
        "be in (only |)(valid |)json(| only| format)",
        "(format|return|wrap|put) the response (in|as) (|valid )json(| format)",
        "(be|be in|be wrapped in) (|valid )json(| only| format)",
        "(respond|answer|reply) only (in|with) (|valid )json",
        "(return|output) (only |)(valid |)json(| only)",
        "(|just |only )use (just |only )a json block(|,) (and |)nothing else",
        "the response (only contains|must use only) (a json block|valid json|json)",
    ),
)


def _look_json_block(m: Measures, reading: str) -> Finding:
    return Finding(m.json_block, "JSON on lines of its own" if m.json_block else "no JSON on lines of its own")


block = shape(
    paper="Special output format",
    meaning="A line, or a run of whole lines, is a JSON object or array.",
    look=_look_json_block,
    when=lambda m: not m.is_json,
    phrasings=(
        "Include a JSON object on lines of its own.",
        "Put the data into a JSON block that stands on separate lines.",
        "Somewhere in the text there should be a block of valid JSON.",
        "Give the core of the answer as a JSON block.",
        "A part of your response must be JSON, apart from the other lines.",
        "Set out the details as a JSON object, on its own lines.",
    ),
    hearings=("use a (|block of )(|valid )json (|block|object)", "use a (|valid )json object"),
)


_TOP: Final = Choice({"object": {"": "object", "a": "an object"}, "array": {"": "array", "a": "an array"}})


def _derive_top(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    return [{"kind": kind_of(m.json[0])}] if m.is_json else []


def _check_top(m: Measures, params: Params, reading: str) -> Finding:
    value, error = m.json
    found = f"no JSON: {error}" if error else f"a JSON {kind_of(value)}"
    return Finding(not error and kind_of(value) == params["kind"], found, f"a JSON {params['kind']}")


top = Type(
    paper="Special output format",
    meaning="The whole response is JSON, and its value is of the kind: an object or an array.",
    example={"kind": "array"},
    derive=_derive_top,
    check=_check_top,
    forms=(
        Form(
            slots={"kind": _TOP},
            phrasings=(
                "Return a single JSON {kind} and nothing else.",
                "The whole output must be one JSON {kind}.",
                "Answer with a JSON {kind}, without any text around it.",
                "At its top level, the output must be a JSON {kind}.",
                "Your complete answer should parse as one JSON {kind}.",
                "Respond with nothing but a JSON {kind}.",
            ),
            hearings=(
                "(return|output) (only|just) a (valid |)json {kind}",
                "(respond|answer|reply) (only|just) with a (valid |)json {kind}",
                "(format|return|give) (the response|it) as a (valid |single |)json {kind}",
            ),
        ),
    ),
)

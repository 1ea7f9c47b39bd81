"""What is in JSON: keys, values and their number.

The JSON is the response, or else the first object or array that it fences or sets on lines of its own.
"""

from __future__ import annotations

from typing import Any, Final

from crab.constraints.kinds import Finding, Rng, Type
from crab.constraints.phrasing import Choice, Form, Params, Phrases
from crab.constraints.quantity import AT_LEAST, EXACTLY, amounts, counted
from crab.core.text import Measures

_MOST_KEYS: Final = 8


def kind_of(value: Any) -> str:
    """What JSON calls a value."""
    match value:
        case bool():
            return "boolean"
        case dict():
            return "object"
        case list():
            return "array"
        case str():
            return "string"
        case None:
            return "null"
    return "number"


def _objects(m: Measures) -> list[dict[str, Any]]:
    """The object, or the objects of the array; nothing if one of its values is none."""
    value = m.json_part
    values = value if isinstance(value, list) else [value]
    return values if all(isinstance(each, dict) for each in values) else []


def _common_keys(m: Measures) -> list[str]:
    first, *others = _objects(m) or [{}]
    return [key for key in first if all(key in other for other in others)]


def _derive_keys(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    objects, keys = _objects(m), _common_keys(m)
    if Phrases(_MOST_KEYS).problem(keys) is None:
        relations = [AT_LEAST] + [EXACTLY] * all(len(each) == len(keys) for each in objects)
        return [{"relation": rng().choice(relations), "keys": keys}]
    return []


def _check_keys(m: Measures, params: Params, reading: str) -> Finding:
    objects, wanted = _objects(m), params["keys"]
    if not objects:
        return Finding(False, "no JSON object")
    for each in objects:
        if missing := [key for key in wanted if key not in each]:
            return Finding(False, f"no key {missing[0]!r}")
        if params["relation"] == EXACTLY and (more := [key for key in each if key not in wanted]):
            return Finding(False, f"another key, {more[0][:60]!r}")
    return Finding(True, f"the {'key is' if len(wanted) == 1 else 'keys are'} {', '.join(map(repr, wanted))}")


def _keys_imply(a: Params, b: Params) -> bool:
    if b["relation"] == EXACTLY:
        return a["relation"] == EXACTLY and {*a["keys"]} == {*b["keys"]}
    return {*b["keys"]} <= {*a["keys"]}


keys = Type(
    paper="Special output format",
    meaning="The JSON object (each object, if it is an array of them) has all of the keys; with exactly: no others.",
    example={"relation": AT_LEAST, "keys": ["name", "age"]},
    derive=_derive_keys,
    check=_check_keys,
    implies=_keys_imply,
    forms=(
        Form(
            fixed={"relation": AT_LEAST},
            slots={"keys": Phrases(_MOST_KEYS)},
            phrasings=(
                "Use the JSON [key|keys] {keys}.",
                "The JSON must have the [key|keys] {keys}.",
                "Among the keys of the JSON object there must be {keys}.",
                "Give the JSON the [key|keys] {keys} at least.",
                "Let {keys} be among the keys of the JSON.",
                "In the JSON, there should be the [key|keys] {keys}.",
            ),
            hearings=(
                "use the [key|keys] {keys}(| in the json)",
                "use a json (object |)with the [key|keys] {keys}",
                "the json (object |)must use the [key|keys](:|) {keys}",
            ),
        ),
        Form(
            fixed={"relation": EXACTLY},
            slots={"keys": Phrases(_MOST_KEYS)},
            phrasings=(
                "Use the JSON [key|keys] {keys} and no others.",
                "The JSON must have the [key|keys] {keys} and nothing else.",
                "The only [key|keys] in the JSON object should be {keys}.",
                "Give the JSON exactly the [key|keys] {keys}.",
                "Let {keys} be the only [key|keys] of the JSON.",
                "In the JSON, allow no [key|keys] but {keys}, and leave none out.",
            ),
            hearings=("use only the [key|keys] {keys}(| in the json)",),
        ),
    ),
)

_VALUE_KINDS: Final = Choice(
    {
        kind: {"": kind, "many": f"{kind}s", "a": f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"}
        for kind in ("string", "number", "boolean", "object", "array")
    }
)


def _values(m: Measures) -> list[Any]:
    value = m.json_part
    return [*value.values()] if isinstance(value, dict) else value or []


def _derive_values(m: Measures, instruction: Measures, rng: Rng) -> list[Params]:
    values = _values(m)
    kinds = {*map(kind_of, values)}
    return [{"kind": kind} for kind in kinds if kind in _VALUE_KINDS.styles] if len(kinds) == 1 < len(values) else []


def _check_values(m: Measures, params: Params, reading: str) -> Finding:
    values = _values(m)
    if not values:
        return Finding(False, "no JSON object or array with a value")
    for number, value in enumerate(values, 1):
        if kind_of(value) != params["kind"]:
            return Finding(False, f"value {number} is of the kind {kind_of(value)}", f"only {params['kind']}s")
    return Finding(True, f"{len(values)} {params['kind']}s")


kind = Type(
    paper="Special output format",
    meaning="Every value at the top level of the JSON object or array is of the kind (string, number, ...).",
    example={"kind": "string"},
    derive=_derive_values,
    check=_check_values,
    forms=(
        Form(
            slots={"kind": _VALUE_KINDS},
            phrasings=(
                "Every value at the top level of the JSON must be {kind:a}.",
                "Use only {kind:many} as the top-level values of the JSON.",
                "Make each value of the JSON {kind:a}.",
                "The values in the JSON should all be {kind:many}.",
                "At the top level of the JSON, allow no value that is not {kind:a}.",
                "All top-level JSON values have to be {kind:many}.",
            ),
            hearings=("(all|every) (json |)(values|value) must be ({kind:a}|{kind:many})",),
        ),
    ),
)

length = counted(
    paper="Special output format",
    meaning="The number of values in the JSON array, or of keys in the JSON object, stands in the relation to n.",
    one="JSON entry",
    many="JSON entries",
    counts={"top level": lambda m: len(m.json_part or ())},
    prefer=(EXACTLY, AT_LEAST),
    forms=amounts(
        "top-level JSON entry",
        "top-level JSON entries",
        relations=(AT_LEAST, EXACTLY),
        also_called=(
            ("JSON entry", "JSON entries"),
            ("item in the JSON array", "items in the JSON array"),
            ("element in the JSON array", "elements in the JSON array"),
            ("key in the JSON object", "keys in the JSON object"),
        ),
    ),
)

"""What IFEval and IFBench share: published prompts whose instructions a program decides, strict and loose.

`official` reproduces the published code; `fixed` takes another rule where a fault of that code is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from crab.core import text
from crab.core.errors import DataError, Problem
from crab.data.sources.rows import Row
from crab.engines.base import Request, Response
from crab.evaluation import lengths
from crab.evaluation.benchmark import CountRow, TypeRow, check_order
from crab.evaluation.decisions import Decision, Rule, decide
from crab.evaluation.intervals import DIGITS, Bootstrap, smallest_detectable_difference

Rules = Literal["official", "fixed"]
Reading = Literal["strict", "loose"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One published prompt."""

    id: str
    prompt: str
    types: tuple[str, ...]
    parameters: tuple[Mapping[str, Any], ...]
    """One mapping per type, without those that are null."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One model's response to one prompt, with every verdict and its reason."""

    model: str
    id: str
    response: str
    finished: bool
    error: str | None
    types: tuple[str, ...]
    official: tuple[Decision, ...]
    """One per type."""
    fixed: tuple[Decision, ...]
    words: int


def read_prompts(rows: Iterable[Row], known: Iterable[str]) -> list[Prompt]:
    """Prompts from rows with `key`, `prompt`, `instruction_id_list` and `kwargs`; a repeated key gets a number.

    Args:
        rows: Of a published file or data set.
        known: Types that have a rule.

    Raises:
        DataError: A row is not such a prompt, or names an unknown type; all such problems at once.
    """
    types = set(known)
    keys: Counter[str] = Counter()
    prompts: list[Prompt] = []
    problems: list[Problem] = []
    for row in rows:
        values = row.values
        prompt, named, given = values.get("prompt"), values.get("instruction_id_list"), values.get("kwargs")
        if not (isinstance(prompt, str) and isinstance(named, list) and isinstance(given, list) and named):
            problems.append(Problem(row.where, "not a prompt with instruction_id_list and kwargs"))
        elif len(named) != len(given) or not all(isinstance(one, dict) for one in given):
            problems.append(Problem(row.where, f"{len(named)} instructions, but not as many kwargs"))
        elif unknown := [one for one in named if one not in types]:
            problems.append(Problem(row.where, f"unknown instruction: {', '.join(map(str, unknown))}"))
        else:
            key = str(values.get("key", len(prompts)))
            keys[key] += 1
            parameters = tuple({name: value for name, value in one.items() if value is not None} for one in given)
            id_ = key if keys[key] == 1 else f"{key}.{keys[key]}"
            prompts.append(Prompt(id_, prompt, tuple(named), parameters))
    if problems:
        raise DataError(problems)
    return prompts


def requests(prompts: Sequence[Prompt], max_new_tokens: int) -> list[Request]:
    """Greedy requests, the prompt as the only turn."""
    return [Request(one.id, [{"role": "user", "content": one.prompt}], max_new_tokens) for one in prompts]


def score(
    model: str,
    prompts: Sequence[Prompt],
    responses: Sequence[Response],
    rules: Callable[[str, Mapping[str, Any]], tuple[Rule, Rule]],
) -> list[Scored]:
    """Verdicts on one model's responses.

    Args:
        model: Whose they are.
        prompts: The prompts.
        responses: One per prompt, in their order.
        rules: Type and parameters to the official rule and the fixed one (the same where no fault is known).

    Raises:
        ValueError: A response is to another prompt.
    """
    check_order([prompt.id for prompt in prompts], responses)
    scored = []
    for prompt, response in zip(prompts, responses, strict=True):
        official: list[Decision] = []
        fixed: list[Decision] = []
        for type_, parameters in zip(prompt.types, prompt.parameters, strict=True):
            if response.error is not None:
                official.append(Decision(False, False, f"no response: {response.error}"))
                fixed.append(official[-1])
                continue
            first, second = rules(type_, parameters)
            official.append(decide(first, response.text))
            fixed.append(official[-1] if second is first else decide(second, response.text))
        words = text.measures(response.text).word_count()
        made = (response.text, response.finished, response.error)
        scored.append(Scored(model, prompt.id, *made, prompt.types, tuple(official), tuple(fixed), words))
    return scored


def summary(
    version: int, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
) -> dict[str, Any]:
    """The benchmark's part of `results/metrics.json`: four accuracies and their mean, by the official and fixed rules.

    `undecided` counts instructions of each type without a verdict; `changed` those whose strict verdict the fixed rules
    turn round.
    """
    result: dict[str, Any] = {"version": version, "prompts": len(prompts)}
    for name, lines in scored.items():
        result[name] = {
            **_accuracies(name, lines, "official", bootstrap),
            "fixed": _accuracies(name, lines, "fixed", bootstrap),
            "changed": sum(a.strict != b.strict for one in lines for a, b in zip(one.official, one.fixed, strict=True)),
            "undecided": {rules: undecided(lines, rules) for rules in ("official", "fixed")},
            **lengths.summary(lines),
        }
    result["differences"] = {
        f"{second}-{first}": _differences(f"{second}-{first}", scored[second], scored[first], bootstrap)
        for first, second in pairwise(scored)
    }
    return result


def undecided(scored: Sequence[Scored], rules: Rules) -> dict[str, int]:
    """How many instructions of each type have no verdict."""
    found: Counter[str] = Counter()
    for line in scored:
        for type_, decision in zip(line.types, getattr(line, rules), strict=True):
            found[type_] += decision.undecided
    return {type_: count for type_, count in sorted(found.items()) if count}


def by_type(scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap) -> list[TypeRow]:
    """Official strict accuracy of each type, a row per type and model."""
    rows = []
    for type_ in sorted({type_ for lines in scored.values() for line in lines for type_ in line.types}):
        for name, lines in scored.items():
            found = [
                [a.strict for one, a in zip(line.types, line.official, strict=True) if one == type_] for line in lines
            ]
            met, asked = [float(sum(one)) for one in found if one], [float(len(one)) for one in found if one]
            estimate = bootstrap.ratio(f"{name}/{type_}", met, asked)
            rows.append(TypeRow(name, type_, estimate.mean, estimate.low, estimate.high, int(sum(asked))))
    return rows


def by_count(scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap) -> list[CountRow]:
    """Official strict accuracy of prompts with so many instructions."""
    rows = []
    for count in sorted({len(line.types) for lines in scored.values() for line in lines}):
        for name, lines in scored.items():
            chosen = [line for line in lines if len(line.types) == count]
            found = bootstrap.mean(f"{name}/{count}", passed(chosen, "official", "strict"))
            rows.append(CountRow(name, count, found.mean, found.low, found.high, found.n))
    return rows


def passed(scored: Sequence[Scored], rules: Rules, reading: Reading) -> list[float]:
    """Per prompt 1 where every instruction is followed, else 0."""
    return [float(all(getattr(one, reading) for one in getattr(line, rules))) for line in scored]


def met(scored: Sequence[Scored], rules: Rules, reading: Reading) -> list[float]:
    """Per prompt how many instructions are followed."""
    return [float(sum(getattr(one, reading) for one in getattr(line, rules))) for line in scored]


def _asked(scored: Sequence[Scored]) -> list[float]:
    return [float(len(line.types)) for line in scored]


def _accuracies(name: str, scored: Sequence[Scored], rules: Rules, bootstrap: Bootstrap) -> dict[str, Any]:
    asked = _asked(scored)
    found: dict[str, Any] = {}
    for reading in ("strict", "loose"):
        key = f"{name}/{rules}/{reading}"
        found[f"prompt_level_{reading}_acc"] = asdict(bootstrap.mean(f"{key}/prompt", passed(scored, rules, reading)))
        instructions = bootstrap.ratio(f"{key}/instruction", met(scored, rules, reading), asked)
        found[f"inst_level_{reading}_acc"] = asdict(instructions)
    found["average"] = asdict(bootstrap.mean(f"{name}/{rules}/average", _average(scored, rules)))
    return found


def _average(scored: Sequence[Scored], rules: Rules) -> list[float]:
    """Per prompt what it adds to the mean of the four accuracies, times the number of prompts."""
    asked = _asked(scored)
    mean_asked = sum(asked) / len(asked)
    columns = [passed(scored, rules, reading) for reading in ("strict", "loose")]
    columns += [[one / mean_asked for one in met(scored, rules, reading)] for reading in ("strict", "loose")]
    return [round(sum(values) / len(values), 2 * DIGITS) for values in zip(*columns, strict=True)]


def _differences(name: str, first: Sequence[Scored], second: Sequence[Scored], bootstrap: Bootstrap) -> dict[str, Any]:
    asked = _asked(first)
    mean_asked = sum(asked) / len(asked)
    ones = [1.0] * len(asked)
    found: dict[str, Any] = {}
    for reading in ("strict", "loose"):
        pairs = {
            f"prompt_level_{reading}_acc": (passed, ones, 1.0),
            f"inst_level_{reading}_acc": (met, asked, mean_asked),
        }
        for metric, (measure, denominators, scale) in pairs.items():
            one, other = measure(first, "official", reading), measure(second, "official", reading)
            interval = bootstrap.difference(f"{name}/{metric}", one, other, denominators)
            apart = [(a - b) / scale for a, b in zip(one, other, strict=True)]
            detectable = smallest_detectable_difference(apart, bootstrap.confidence)
            found[metric] = asdict(interval) | {"detectable": detectable}
    return found

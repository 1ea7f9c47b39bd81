"""Every checkable type against its file of cases, and against texts that mean harm."""

import json
import time
from collections import defaultdict
from pathlib import Path

import pytest

from crab import constraints
from crab.constraints.registry import TYPES
from crab.core.records import Constraint

FOLDER = Path(__file__).parent.parent / "cases"
CASES = [
    case
    for file in sorted(FOLDER.glob("*.json"))
    if file.name != "hostile.json"
    for case in json.loads(file.read_text(encoding="utf-8"))
]
HOSTILE = json.loads((FOLDER / "hostile.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['type']}: {case['why']}")
def test_verdict(case):
    constraint = Constraint(type=case["type"], params=case["params"], text="")
    verdict = constraints.check(constraint, case["response"])
    assert verdict.satisfied is case["expected"], verdict.reason
    assert verdict.reason
    assert verdict.by == "checker"


def test_every_type_has_a_pass_a_fail_and_a_boundary():
    seen = defaultdict(set)
    for case in CASES:
        seen[case["type"]].add(case["expected"])
        if "boundary" in case["why"]:
            seen[case["type"]].add("boundary")
    assert {name for name in TYPES if len(seen[name] | {"any"}) < 3 or not {True, False} <= seen[name]} == set()
    assert set(seen) == set(TYPES)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile["name"])
@pytest.mark.parametrize("size", [200, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_any_text_gets_a_verdict_in_bounded_time(hostile, size):
    unit = hostile["text"]
    text = unit * min(hostile["times"], size // max(1, len(unit)))
    started = time.process_time()
    derived = constraints.derive(text, text[:1000])
    assert all(verdict.satisfied for verdict in constraints.check_all(derived, text))
    for name, kind in TYPES.items():
        example = Constraint(type=name, params=kind.example, text="")
        verdict = constraints.check(example, text)
        readings = constraints.check_readings(example, text)
        assert verdict.satisfied is next(iter(readings.values()))
    # A megabyte takes 2 to 6 seconds; a quadratic step anywhere would take hours.
    assert time.process_time() - started < 60

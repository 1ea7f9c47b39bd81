"""No false constraint on real responses: the promise that the reference code breaks in 35 % of cases."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from crab import constraints

SHARED = Path(os.environ.get("CRAB_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def pairs():
    for file in sorted((SHARED / "seeds").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield "\n".join(filter(None, (row["instruction"], row.get("input")))), row["output"]
    sample = SHARED / "crab" / "constraint_back_translation_sample.json"
    for row in json.loads(sample.read_text(encoding="utf-8")):
        yield row["messages"][0]["content"], row["messages"][1]["content"]


@pytest.mark.skipif(not (SHARED / "seeds").is_dir(), reason=f"no real responses at {SHARED}; set CRAB_SHARED_DATA")
@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_no_constraint_is_false_of_its_own_response(every, capsys):
    paper = {info.name: info.paper_category for info in constraints.types()}
    emitted, categories, types = [], [], Counter()
    for number, (instruction, response) in enumerate(pairs()):
        if number % every:
            continue
        derived = constraints.derive(response, instruction, random_seed=number)
        verdicts = constraints.check_all(derived, response)
        assert all(verdict.satisfied for verdict in verdicts)
        for constraint in derived:
            assert all(constraints.check_readings(constraint, response).values()), constraint
            parsed = constraints.parse(constraint.text)
            assert parsed is not None
            assert (parsed.type, parsed.params) == (constraint.type, constraint.params)
        emitted.append(len(derived))
        categories.append(len({paper[constraint.type] for constraint in derived}))
        types.update(constraint.type for constraint in derived)
    with capsys.disabled():
        print(
            f"\n{len(emitted)} responses, {sum(emitted)} constraints of {len(types)} types, none false, all agree; "
            f"mean {sum(emitted) / len(emitted):.1f} constraints from "
            f"{sum(categories) / len(categories):.1f} of the paper's categories"
        )
    assert sum(emitted) / len(emitted) > 10

"""Constraints that came with the data: read, checked, kept as `verify.stated` says; the authors' sample as it is."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from crab.config.dataset import DatasetConfig
from crab.config.heldout import HeldoutConfig
from crab.config.teacher import TeacherConfig
from crab.config.verify import VerifyConfig
from crab.core.records import STATED, Constraint, Example, Seed
from crab.data.sources import released
from crab.synthesis import heldout
from crab.synthesis.backtranslate import backtranslate
from crab.synthesis.information import Information
from crab.synthesis.stated import UNREAD, Stated
from crab.synthesis.verify import Verified, verify_all
from tests.sections import ROOT, from_conf

RULE_MADE = ("Digit", "Paragraph", "Sentence", "Word", "Keyword", "Punctuation")
"""Keys of the reference data whose constraints its rules made."""
NO_DATASET = DatasetConfig(name="none", config=None, split="train", revision=None, data_files=None)
FALSE, TRUE, OPEN = "Write at least 500 words.", "Do not use any commas.", "Be kind to the reader."


def seed(*texts: str, **meta: Any) -> Seed:
    return Seed("a", "s", "tell me about tea", "Tea is warm.", "en", {"row": "f:1", STATED: list(texts), **meta})


def taken_in(seeds: list[Seed], teacher: str = "given") -> list[Example]:
    found = backtranslate(seeds, from_conf(TeacherConfig, "teacher", teacher), 0, None)
    return [one.example for one in found]


def verified(examples: list[Example], policy: str) -> list[Verified]:
    config = from_conf(VerifyConfig, "verify", "default", stated=policy)
    return verify_all(examples, Information(examples, config), config)


def texts(one: Verified) -> list[str]:
    return [constraint.text for constraint in one.example.constraints]


def test_what_a_program_reads_is_typed_and_the_rest_is_kept_as_text() -> None:
    [example] = taken_in([seed(FALSE, OPEN, "NULL", " ")])
    assert [(c.type, c.origin) for c in example.constraints] == [("length:num_words", "data"), (UNREAD, "data")]
    assert example.meta == {"row": "f:1"}


def test_they_stand_beside_what_the_rules_find() -> None:
    [example] = taken_in([seed(TRUE)], "rules")
    origins = Counter(constraint.origin for constraint in example.constraints)
    assert origins["data"] == 1
    assert origins["rule"] > 3


@pytest.mark.parametrize(
    ("policy", "left"), [("proved", [TRUE]), ("not_false", [TRUE, OPEN]), ("all", [FALSE, TRUE, OPEN])]
)
def test_the_policy_says_what_stays(policy: str, left: list[str]) -> None:
    [one] = verified(taken_in([seed(FALSE, TRUE, OPEN)]), policy)
    assert texts(one) == left
    for constraint in one.example.constraints:
        assert constraint.certified == (constraint.text == TRUE)
    if policy == "not_false":
        assert [line.reason for line in one.rejected] == ["not satisfied"]


def test_it_binds_only_what_came_with_the_data() -> None:
    false = Constraint("length:num_words", {"relation": "at least", "n": 500}, FALSE, "teacher")
    [one] = verified([Example("a", "s", "i", "Tea is warm.", "en", constraints=(false,))], "all")
    assert one.example.constraints == ()


@pytest.mark.parametrize(("policy", "kept"), [("proved", None), ("not_false", "tell me about warm tea")])
def test_a_refined_instruction_of_the_data_follows_the_policy(policy: str, kept: str | None) -> None:
    [one] = verified(taken_in([seed(TRUE, refined_instruction="tell me about warm tea")]), policy)
    assert one.example.refined_instruction == kept


def test_nothing_uncertified_reaches_evaluation(heldout_config: HeldoutConfig) -> None:
    [one] = verified(taken_in([seed(FALSE, TRUE, OPEN)]), "all")
    [prompt] = heldout.prompts([one.example], heldout_config, 1)
    assert [constraint.text for constraint in prompt.constraints] == [TRUE]


def test_counts_add_up() -> None:
    counts = Stated()
    for one in verified(taken_in([seed(FALSE, TRUE, OPEN)]), "not_false"):
        counts.add(one.example, one.rejected)
    assert counts.summary() == {
        "stated": {
            "constraints": 3,
            "read": 2,
            "false": 1,
            "false_share": 0.5,
            "kept": {"true": 1, "unread": 1},
            "removed": {"not satisfied": 1},
        }
    }
    assert Stated().summary() == {}


# The authors' sample --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample() -> Path:
    shared = Path(os.environ.get("CRAB_SHARED_DATA", ROOT.parent / "shared" / "data"))
    file = shared / "crab" / "constraint_back_translation_sample.json"
    if not file.is_file():
        pytest.skip(f"no sample of the reference data at {file} (set CRAB_SHARED_DATA)")
    return file


def test_the_sample_is_as_false_as_measured(sample: Path) -> None:
    """By hand 30 of its 85 rule-made constraints are false; our readings of word and sentence differ in a few."""
    seeds = [one for one in released.read(str(sample), NO_DATASET) if isinstance(one, Seed)]
    assert len(seeds) == 20
    examples = taken_in(seeds)
    raw, clean = verified(examples, "all"), verified(examples, "not_false")
    for before, everything, rest in zip(examples, raw, clean, strict=True):
        assert texts(everything) == [constraint.text for constraint in before.constraints]
        assert everything.rejected == ()
        false = [c.text for c in everything.example.constraints if c.verdict is not None and not c.verdict.satisfied]
        assert [line.record["constraint"]["text"] for line in rest.rejected] == false
        assert {line.reason for line in rest.rejected} <= {"not satisfied"}
        assert texts(rest) == [text for text in texts(everything) if text not in false]
    rows = json.loads(sample.read_text(encoding="utf-8"))
    stated = [row["Aug_instruction"]["Additional_Instruction"] for row in rows]
    rule_made = {text.strip() for one in stated for key, text in one.items() if key in RULE_MADE}
    decided = [c for one in raw for c in one.example.constraints if not c.judged and c.text in rule_made]
    known = [c.verdict.satisfied for c in decided if c.verdict is not None]
    assert (len(known), known.count(False)) == (83, 29)  # 35 %
    words = [c for c in decided if c.type == "length:least_characters_per_word"]
    assert len(words) == 20
    assert not any(c.certified for c in words)

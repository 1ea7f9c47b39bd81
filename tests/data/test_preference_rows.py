from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crab.config.dpo import PairFieldsConfig, PairsConfig
from crab.core.errors import DataError
from crab.core.records import PreferencePair, Rejected
from crab.data import digest, preference_rows
from crab.data.sources.rows import Row

FIELDS = PairFieldsConfig(
    prompt=["prompt"],
    chosen=["chosen"],
    rejected=["rejected"],
    chosen_score=["score_chosen"],
    rejected_score=["score_rejected"],
)
GOOD = {"prompt": "Name a crab.", "chosen": "The coconut crab.", "rejected": "No."}


def pair(values: dict[str, Any], min_margin: float = 0.0) -> PreferencePair | Rejected:
    return preference_rows.to_pair(Row("a:1", "a", values), FIELDS, min_margin, "files")


def config(*files: Path, limit: int | None = None) -> PairsConfig:
    names = [str(file) for file in files]
    return PairsConfig(
        path=names, digest=digest.digest(names, Path()), dataset=None, fields=FIELDS, min_margin=0.0, limit=limit
    )


def test_texts_and_conversations_give_the_same_pair() -> None:
    as_texts = pair(GOOD)
    turns = [{"role": "user", "content": GOOD["prompt"]}]
    as_turns = pair(
        {
            "prompt": turns,
            "chosen": [*turns, {"role": "assistant", "content": GOOD["chosen"]}],
            "rejected": [*turns, {"role": "assistant", "content": GOOD["rejected"]}],
        }
    )
    assert as_texts == as_turns
    assert isinstance(as_texts, PreferencePair)
    assert as_texts.failed == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prompt": None}, "missing field"),
        ({"chosen": ""}, "empty"),
        ({"rejected": 3}, "wrong type"),
        ({"rejected": GOOD["chosen"]}, "tie"),
        ({"chosen": [{"role": "user", "content": "x"}]}, "missing field"),
        ({"chosen": []}, "missing field"),
        ({"prompt": [{"role": "tool", "content": "x"}]}, "unknown role"),
        ({"prompt": [{"role": "assistant", "content": "x"}]}, "missing field"),
        ({"prompt": "nul \0"}, "invalid character"),
        ({"score_chosen": 4.0, "score_rejected": 4.0}, "tie"),
        ({"score_chosen": 4.0, "score_rejected": 5.0}, "small margin"),
        ({"score_chosen": 4.5, "score_rejected": 4.0}, "small margin"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(change: dict[str, Any], reason: str) -> None:
    result = pair(GOOD | change, min_margin=1.0)
    assert isinstance(result, Rejected)
    assert result.reason == reason


def test_a_limit_draws_the_same_pairs_whatever_else_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(GOOD | {"prompt": f"Name {n} crabs."}) for n in range(40)) + "\nbroken")
    few, rejected = preference_rows.read(config(file, limit=5), "files", 0)
    more, _ = preference_rows.read(config(file, limit=10), "files", 0)
    assert len(few) == 5
    assert {one.seed_id for one in few} < {one.seed_id for one in more}
    assert [(line.stage, line.reason) for line in rejected] == [("dpo", "not JSON")]


def test_nothing_usable_and_changed_files_are_told(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"prompt": "x"}))
    before = config(file)
    with pytest.raises(DataError, match="no usable pair, 1 rejected"):
        preference_rows.read(before, "files", 0)
    file.write_text(json.dumps(GOOD))
    with pytest.raises(DataError, match="content has changed"):
        preference_rows.read(before, "files", 0)

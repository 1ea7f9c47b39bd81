from __future__ import annotations

from pathlib import Path

import pytest

from crab.core import io
from crab.report import teaching


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.setenv("CRAB_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_rules_alone_have_nothing_to_tell(checkout: Path) -> None:
    assert teaching.lines() == []
    io.write_json(teaching.PROPOSED, {"constraints": 3})
    io.write_json(teaching.DECIDED, {"constraints": 3})
    assert teaching.lines() == []


def test_what_was_proposed_what_holds_and_what_it_cost(checkout: Path) -> None:
    io.write_json(teaching.PROPOSED, {"teacher": {"proposed": 200}})
    decided = {
        "accepted": 50,
        "by_checker": {"decided": 80, "satisfied": 40, "precision": 0.5},
        "by_judge": {"decided": 0},
        "cost_per_accepted": {
            "total": {"accepted": 50, "requests": 2.5, "prompt_tokens": 900, "completion_tokens": 80, "money": 0.001}
        },
    }
    io.write_json(teaching.DECIDED, {"teacher": decided, "judge": {"audit": {"n": 40, "recall": 0.75}}})
    text = "\n".join(teaching.lines())
    for said in ("200 constraints proposed, 50 accepted (25 %)", "80, of which 50.0 % hold", "recall 75.0 %"):
        assert said in text
    assert "precision unknown" in text
    assert "2.50 requests, 900 prompt and 80 new tokens, 0.0010 in money" in text

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crab.config.seed import SeedConfig
from crab.core.errors import DataError
from crab.core.records import Rejected, Seed
from crab.data import selection

LONG = "word " * 250
SHORT = "word " * 50


def scored(asked: str, *answers: tuple[str, float, str]) -> dict[str, Any]:
    return {
        "user_input": asked,
        "responses_and_scores": [{"response": text, "score": score, "source": who} for text, score, who in answers],
    }


def message(identifier: str, parent: str | None, role: str, text: str, rank: int | None = None) -> dict[str, Any]:
    return {"message_id": identifier, "parent_id": parent, "role": role, "text": text, "rank": rank, "lang": "es"}


ALPACA = [
    scored(
        "### Instruction:\nask one\n\n### Response:",
        (LONG + "davinci", 9.5, "text-davinci-003"),
        (LONG + "gpt4", 9.5, "gpt4"),
    ),
    scored("ask two", (LONG + "opt", 9, "icm-1.3b"), (LONG + "gpt4", 8.5, "gpt4")),
    scored("ask three", (LONG, 8.9, "gpt4")),
    scored("ask four", (SHORT, 10, "gpt4")),
    {"user_input": "ask five", "responses_and_scores": []},
]
OASST = [
    message("r1", None, "prompter", "root one"),
    message("a1", "r1", "assistant", LONG + "second", 1),
    message("a2", "r1", "assistant", LONG + "first", 0),
    message("u1", "a2", "prompter", "follow up"),
    message("a3", "u1", "assistant", LONG + "deeper", 0),
    message("r2", None, "prompter", "root two"),
    message("a4", "r2", "assistant", LONG, None),
]
WIZARD = [
    {"idx": "w1", "conversations": [{"from": "human", "value": "short ask"}, {"from": "gpt", "value": LONG}]},
    {"idx": "w2", "conversations": [{"from": "human", "value": "long ask " * 40}, {"from": "gpt", "value": LONG}]},
    {"idx": "w3", "conversations": []},
]
ORCA = [
    {"instruction": "be brief", "conversation": [{"input": "ask", "output": LONG}], "source": "flan"},
    {"instruction": "", "conversation": [{"input": "bare ask", "output": LONG}], "source": "flan"},
    {"instruction": "x", "conversation": [], "source": "flan"},
]


@pytest.fixture
def paper(project: Path, seed_config: Callable[..., SeedConfig]) -> Callable[..., list[Seed | Rejected]]:
    (project / "alpaca.json").write_text(json.dumps(ALPACA))
    (project / "oasst.jsonl").write_text("\n".join(json.dumps(row) for row in OASST))
    (project / "wizard.json").write_text(json.dumps(WIZARD))
    (project / "orca.json").write_text(json.dumps(ORCA))

    def read(*overrides: str) -> list[Seed | Rejected]:
        config = seed_config(
            "seed=paper",
            "seed.sources.alpaca_gpt4.path=alpaca.json",
            "seed.sources.oasst2.path=oasst.jsonl",
            "seed.sources.wizardlm.path=wizard.json",
            "seed.sources.orca_chat.path=orca.json",
            *overrides,
        )
        return list(selection.candidates(config))

    return read


def test_each_source_selects_by_its_own_rule(paper: Callable[..., list[Seed | Rejected]]) -> None:
    found = paper("seed.diverse_rate=0")
    told = [
        (item.source, item.instruction, item.response.split()[-1])
        if isinstance(item, Seed)
        else (item.record["source"], item.reason)
        for item in found
    ]
    assert told == [
        ("alpaca_gpt4", "ask one", "gpt4"),
        ("alpaca_gpt4", "ask two", "opt"),
        ("alpaca_gpt4", "low score"),
        ("alpaca_gpt4", "response too short"),
        ("alpaca_gpt4", "wrong type"),
        ("oasst2", "root one", "first"),
        ("oasst2", "no ranked reply"),
        ("wizardlm", "short ask", "word"),
        ("wizardlm", "instruction too long"),
        ("wizardlm", "missing field"),
        ("orca_chat", "be brief\n\nask", "word"),
        ("orca_chat", "bare ask", "word"),
        ("orca_chat", "missing field"),
    ]


def test_some_rows_skip_the_length_rules_and_always_the_same(
    paper: Callable[..., list[Seed | Rejected]], project: Path
) -> None:
    (project / "alpaca.json").write_text(json.dumps([scored(f"ask {n}", (SHORT, 10, "gpt4")) for n in range(1000)]))

    def passed(*overrides: str) -> list[str]:
        return [
            item.instruction for item in paper(*overrides) if isinstance(item, Seed) and item.source == "alpaca_gpt4"
        ]

    assert passed("seed.diverse_rate=0") == []
    assert len(passed()) == pytest.approx(100, abs=40)
    assert passed() == passed()
    assert passed() != passed("seed.world_seed=1")


def test_a_source_that_is_nowhere_says_where_to_get_it(seed_config: Callable[..., SeedConfig]) -> None:
    config = seed_config(
        "seed=paper", "seed.sources.oasst2.path=gone.jsonl", "~seed.sources.wizardlm", "~seed.sources.orca_chat"
    )
    with pytest.raises(DataError) as caught:
        selection.candidates(config)
    where = [problem.where for problem in caught.value.problems]
    assert where == ["seed.sources.alpaca_gpt4", "gone.jsonl"]
    assert "comparison_data_v2.json" in str(caught.value)
    assert "seed.sources.alpaca_gpt4.path=FILE" in str(caught.value)


def test_every_source_states_its_licence(seed_config: Callable[..., SeedConfig]) -> None:
    config = seed_config("seed=paper")
    assert config.sources is not None
    assert list(config.all_licences) == list(config.sources)
    assert config.all_licences["alpaca_gpt4"] == "CC BY-NC 4.0"
    assert seed_config().all_licences == {"builtin": "Apache-2.0"}

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crab.config.seed import SeedConfig
from crab.core import io
from crab.core.errors import ConfigError, DataError
from crab.core.records import Rejected, Seed
from crab.data import selection
from crab.data.selection import Selection

ROOT = Path(__file__).parents[2]
Compose = Callable[..., SeedConfig]


def seed(identifier: str, instruction: str, response: str, source: str = "test") -> Seed:
    return Seed(identifier, source, instruction, response, "en")


def kept(selected: Selection) -> list[Seed]:
    return [pair for pairs in selected.kept.values() for pair in pairs]


def many(count: int, answers: int = 1) -> list[Seed]:
    return [seed("", f"ask about thing {n // answers}", f"answer number {n} of many") for n in range(count)]


def run(config: SeedConfig) -> Selection:
    return selection.select(selection.candidates(config), config)


def test_the_default_world_passes_whole(seed_config: Compose) -> None:
    selected = run(seed_config("seed.pairs=960"))
    assert selected.rejected == []
    assert selected.metrics["kept"] == selected.metrics["siblings"] == 960
    assert selected.metrics["instructions"] == 480
    assert sum(selected.metrics["records"].values()) == 960


def test_siblings_stay_together(seed_config: Compose) -> None:
    selected = run(seed_config("seed.pairs=1440"))
    where = {split: {pair.instruction for pair in pairs} for split, pairs in selected.kept.items()}
    assert not where["train"] & where["heldout"]
    assert not where["train"] & where["dev"]
    assert not where["dev"] & where["heldout"]


def test_the_split_of_a_pair_does_not_depend_on_the_others(seed_config: Compose) -> None:
    config = seed_config()
    items = many(300)
    whole = selection.select(items, config)
    half = selection.select(items[::2], config)
    for split, pairs in half.kept.items():
        assert {pair.instruction for pair in pairs} <= {pair.instruction for pair in whole.kept[split]}


def test_ids_are_unique_and_come_from_the_content_where_none_is_given(seed_config: Compose) -> None:
    items = [
        seed("a", "one", "1"),
        seed("a", "two", "2"),
        seed("a-2", "three", "3"),
        seed("a", "four", "4"),
        *many(20),
    ]
    named = kept(selection.select(items, seed_config()))
    assert len({pair.id for pair in named}) == 24
    by_instruction = {pair.instruction: pair.id for pair in named}
    assert [by_instruction[name] for name in ("one", "two", "three", "four")] == ["a", "a-2", "a-2-2", "a-3"]
    again = kept(selection.select(items[4:], seed_config()))
    assert {pair.instruction: pair.id for pair in again}.items() <= by_instruction.items()


def test_the_first_reason_is_told_and_the_record_kept(seed_config: Compose) -> None:
    config = seed_config("seed.min_response_words=2", "seed.drop_refusals=true", "seed.languages=[en]")
    items = [*many(30), seed("r", "why", "As an AI, I cannot say."), seed("s", "why", "No"), many(1)[0]]
    selected = selection.select(items, config)
    assert [line.reason for line in selected.rejected] == ["refusal", "response too short", "duplicate"]
    assert selected.rejected[0].record == dataclasses.asdict(items[30])
    assert selected.metrics["rejected"] == {"duplicate": 1, "refusal": 1, "response too short": 1}


def test_the_language_is_recorded_where_it_is_open(seed_config: Compose) -> None:
    french = dataclasses.replace(
        seed("f", "parle", "Le renard brun saute par-dessus le chien paresseux."), language="und"
    )
    selected = selection.select([*many(30), french], seed_config())
    assert selected.metrics["languages"] == {"en": 30, "fr": 1}
    selected = selection.select([*many(30), french], seed_config("seed.languages=[en]"))
    assert [line.detail for line in selected.rejected] == ["fr, not en"]


def test_nothing_left_to_train_on_is_an_error(seed_config: Compose) -> None:
    with pytest.raises(DataError, match="30 response too short"):
        selection.select(many(30), seed_config("seed.min_response_words=99"))
    with pytest.raises(DataError, match="nothing was read"):
        selection.select([], seed_config())


def test_a_limit_draws_whole_families_of_siblings_from_everywhere(seed_config: Compose) -> None:
    items = many(3000, answers=3)
    selected = selection.select(items, seed_config("seed.limit=300"))
    assert selected.metrics["read"] == 300
    assert selected.metrics["left_out_by_limit"] == 2700
    assert selected.metrics["siblings"] == 300
    order = [pair.response for pair in items]
    positions = sorted(order.index(pair.response) for pair in kept(selected))
    assert positions[0] < 150
    assert positions[-1] > 2850
    assert [sum(low <= at < low + 1000 for at in positions) for low in (0, 1000, 2000)] == pytest.approx(
        [100] * 3, abs=45
    )
    smaller = selection.select(items, seed_config("seed.limit=150"))
    assert {pair.response for pair in kept(smaller)} <= {pair.response for pair in kept(selected)}


def test_a_limit_above_all_changes_nothing(seed_config: Compose) -> None:
    items = many(50)
    assert selection.select(items, seed_config("seed.limit=50")) == selection.select(items, seed_config())


PAIRS = st.lists(
    st.builds(
        seed,
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["one thing", "another thing", "a third thing"]),
        st.sampled_from(["Yes.", "As an AI, I cannot.", "a b c d e f", "a b c d e f g", "```\nx", "Nein, danke sehr."]),
    )
    | st.just(Rejected("seed", "not JSON", "x:1", {"source": "x"})),
    max_size=15,
)


def test_counts_add_up_whatever_comes(seed_config: Compose) -> None:
    base = seed_config("seed.drop_refusals=true", "seed.drop_truncated=true", "seed.near_duplicates.threshold=0.8")
    first = [seed("anchor", "ask about thing 3", "the pair that is always kept"), *many(10)]

    @given(items=PAIRS, limit=st.none() | st.integers(12, 30))
    def check(items: list[Seed | Rejected], limit: int | None) -> None:
        try:
            selected = selection.select([*first, *items], base.model_copy(update={"limit": limit}))
        except DataError:  # the few drawn rows hold nothing to train on
            assume(limit is None)
            raise
        metrics = selected.metrics
        assert metrics["read"] + metrics["left_out_by_limit"] == len(items) + 11
        assert metrics["read"] == len(kept(selected)) + len(selected.rejected)
        assert metrics["rejected"] == dict(sorted(Counter(line.reason for line in selected.rejected).items()))
        assert sum(source["kept"] + source["rejected"] for source in metrics["sources"].values()) == metrics["read"]
        assert len({pair.id for pair in kept(selected)}) == metrics["kept"]

    check()


def test_many_sources_are_counted_together_and_odd_names_made_safe(seed_config: Compose) -> None:
    items = [seed("", f"ask {n}", f"answer {n}", source=f"site {n}") for n in range(40)]
    assert selection.select(items, seed_config()).metrics["sources"] == {"all": {"kept": 40, "rejected": 0}}
    items = [seed("", f"ask {n}", f"answer {n}", source="my data(1)") for n in range(40)]
    assert list(selection.select(items, seed_config()).metrics["sources"]) == ["my data_1_"]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["seed=files"], ["path names no file"]),
        (["seed.pairs=null"], ["pairs is needed by source=builtin"]),
        (["+seed.path=x.jsonl"], ["path belongs to source=files, not builtin"]),
        (["seed=hub", "seed.dataset=null"], ["dataset is needed by source=hub"]),
        (["seed.pairs=0"], ["pairs = 0"]),
        (["seed.fractions.dev=0.5", "seed.fractions.heldout=0.5"], ["nothing is left for train"]),
        (["seed.min_response_words=9", "seed.max_response_words=5"], ["max_response_words is below"]),
        (["seed.languages=en", "seed.limit=0", "seed.drop_refusals=1"], ["languages", "limit", "drop_refusals"]),
        (["+seed.min_words=3"], ["unknown key 'min_words'"]),
    ],
)
def test_bad_values_are_told_with_what_to_do(seed_config: Compose, overrides: list[str], told: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        seed_config(*overrides)
    assert len(caught.value.problems) == len(told)
    for part in told:
        assert part in str(caught.value)


@pytest.fixture
def real_files(shared_data: Path, project: Path) -> str:
    """The four files, relative to the main checkout, as a user gives them."""
    files = sorted((shared_data / "seeds").glob("*.jsonl"))
    return "[" + ",".join(os.path.relpath(file, project) for file in files) + "]"


def test_real_files_go_through_and_their_counts_add_up(seed_config: Compose, real_files: str) -> None:
    selected = run(seed_config("seed=files", f"seed.path={real_files}"))
    metrics = selected.metrics
    assert metrics["read"] == 2667 == metrics["kept"] + len(selected.rejected)
    assert metrics["kept"] > 2500
    assert metrics["records"]["heldout"] == pytest.approx(0.2 * metrics["kept"], rel=0.2)
    assert set(metrics["rejected"]) == {
        "duplicate",
        "near duplicate",
        "other language",
        "refusal",
        "response too short",
        "truncated",
    }
    assert max(metrics["rejected"].values()) < 60
    assert all(io.loads(Seed, io.dumps(pair)) == pair for pair in kept(selected))


def test_real_files_without_filters_lose_nothing(seed_config: Compose, real_files: str) -> None:
    config = seed_config(
        "seed=files",
        f"seed.path={real_files}",
        "seed.min_response_words=0",
        "seed.languages=[]",
        "seed.drop_refusals=false",
        "seed.drop_truncated=false",
        "seed.drop_exact_duplicates=false",
        "seed.near_duplicates.threshold=null",
    )
    metrics = run(config).metrics
    assert (metrics["read"], metrics["kept"], metrics["rejected"]) == (2667, 2667, {})
    # 1,012 different instruction fields; joined with their inputs, the 252 of the last file are among the other 805.
    assert metrics["instructions"] == 805


def test_real_benchmarks_overlap_as_measured(
    seed_config: Compose, real_files: str, shared_data: Path, project: Path
) -> None:
    prompts = [
        shared_data / "ifeval" / "input_data.jsonl",
        shared_data / "ifbench" / "IFBench_test.jsonl",
        *sorted((shared_data / "followbench").glob("*.json")),
    ]
    listed = ",".join(os.path.relpath(file, project) for file in prompts)
    config = seed_config("seed=files", f"seed.path={real_files}", f"seed.contamination.prompts=[{listed}]")
    metrics = run(config).metrics
    # AlpacaEval, which these pairs come from, took prompts from the same places as FollowBench.
    assert metrics["rejected"]["evaluation prompt"] == 178
    assert metrics["overlap"] == {"followbench": 178, "ifbench": 0, "ifeval": 0}


def test_the_crab_sample_is_read_without_a_mapping(seed_config: Compose, shared_data: Path) -> None:
    path = shared_data / "crab" / "constraint_back_translation_sample.json"
    metrics = run(seed_config("seed=files", f"seed.path={path}", "seed.languages=[]")).metrics
    assert metrics["read"] == 20
    assert set(metrics["languages"]) >= {"en", "es"}


def test_the_same_bytes_in_another_process(project: Path) -> None:
    program = (
        "import hashlib\n"
        "from crab.core import io\n"
        "from crab.data.world import generate\n"
        "print(hashlib.sha256(''.join(map(io.dumps, generate.pairs(500, 0))).encode()).hexdigest())\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "LC_ALL": "C", "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert runs[0] == runs[1]


def test_the_stage_imports_no_constraints_and_nothing_heavy() -> None:
    program = (
        "import sys, json\n"
        "import crab.data.selection, crab.config.seed, crab.data.world.guards\n"
        "import crab.data.sources.paper, crab.data.sources.hub\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    heavy = {"torch", "datasets", "pyarrow", "pycld2", "rensa", "hydra", "omegaconf", "mlflow", "crab.constraints"}
    assert not loaded & heavy

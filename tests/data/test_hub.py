from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crab.config.dataset import DatasetConfig
from crab.config.seed import SeedConfig
from crab.core.errors import DataError, ResourceError
from crab.data import selection
from crab.data.sources import hub

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local data set of two configurations, and a cache of the test's own."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    place = project / "local" / "pairs"
    place.mkdir(parents=True)
    (place / "README.md").write_text(
        "---\nconfigs:\n"
        "- config_name: short\n  data_files: short.jsonl\n"
        "- config_name: chat\n  data_files: chat.jsonl\n---\n"
    )
    (place / "short.jsonl").write_text(
        '{"instruction": "say hi", "input": "to bob", "output": "hi bob, nice to see you"}\n'
        '{"instruction": "say nothing", "input": "", "output": ""}\n'
    )
    (place / "chat.jsonl").write_text(
        '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'
    )
    return place


def dataset(
    name: str, config: str | None = "short", split: str = "train", data_files: str | None = None
) -> DatasetConfig:
    return DatasetConfig(name=name, config=config, split=split, revision=None, data_files=data_files)


def test_a_local_folder_is_loaded_and_mapped(folder: Path, seed_config: Callable[..., SeedConfig]) -> None:
    config = seed_config("seed=hub", "seed.dataset.name=local/pairs", "seed.dataset.config=short", "seed.languages=[]")
    selected = selection.select(selection.candidates(config), config)
    (seed,) = (seed for seeds in selected.kept.values() for seed in seeds)
    assert (seed.instruction, seed.response, seed.source) == ("say hi\n\nto bob", "hi bob, nice to see you", "pairs")
    assert [(line.reason, line.detail) for line in selected.rejected] == [("empty", "pairs:row 2: output")]


def test_the_configuration_and_the_file_choose_the_rows(folder: Path) -> None:
    (row,) = hub.read(dataset("local/pairs", config="chat"))
    assert list(row.values) == ["messages"]
    (row,) = hub.read(dataset("local/pairs", config=None, data_files="chat.jsonl"))
    assert list(row.values) == ["messages"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (dataset("local/pairs", config="long"), "long"),
        (dataset("local/pairs", split="test"), "test"),
        (dataset("local/pairs", config=None, data_files="gone.jsonl"), "gone.jsonl"),
    ],
)
def test_an_unknown_configuration_split_or_file_is_told(folder: Path, asked: DatasetConfig, told: str) -> None:
    with pytest.raises(DataError, match=told):
        hub.read(asked)


def test_a_hub_that_cannot_be_reached_is_told_without_a_traceback(project: Path, tmp_path: Path) -> None:
    program = (
        "from crab.config.dataset import DatasetConfig\n"
        "from crab.core.errors import ResourceError\n"
        "from crab.data.sources import hub\n"
        "try:\n"
        "    hub.read(DatasetConfig(name='some/where', config=None, split='train', revision=None, data_files=None))\n"
        "except ResourceError as error:\n"
        "    print(error)\n"
    )
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home"), "CRAB_ROOT": str(project)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert "some/where" in done.stdout
    assert "HF_HUB_OFFLINE" in done.stdout


def test_a_gated_data_set_says_how_to_get_access(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What `datasets` raises for one; reaching a real one needs a network.
    import datasets

    def refuse(*_: object, **__: object) -> None:
        raise datasets.exceptions.DatasetNotFoundError("Dataset 'x/y' is a gated dataset on the Hub.")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(ResourceError, match="hf auth login"):
        hub.read(dataset("x/y"))

"""What the tests of the seed stage share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crab.config import section
from crab.config.seed import SeedConfig
from crab.data import digest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty main checkout; relative paths of a config start there."""
    root = tmp_path / "project"
    (root / ".dvc").mkdir(parents=True)
    monkeypatch.setenv("CRAB_ROOT", str(root))
    return root


@pytest.fixture
def seed_config(project: Path, tmp_path: Path) -> Callable[..., SeedConfig]:
    """Compose conf/seed with overrides, as the user does, and load it."""
    conf = tmp_path / "conf"
    shutil.copytree(ROOT / "conf" / "seed", conf / "seed")
    (conf / "config.yaml").write_text("defaults:\n  - _self_\n  - seed: builtin\nrandom_seed: 0\n")

    def compose(*overrides: str) -> SeedConfig:
        from hydra import compose, initialize_config_dir
        from omegaconf import OmegaConf

        digest.register(project)
        with initialize_config_dir(str(conf), version_base=None):
            values = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
        assert isinstance(values, dict)
        return section.load("seed", SeedConfig, {str(key): value for key, value in values.items()})

    return compose


@pytest.fixture
def shared_data() -> Path:
    """Real data beside the checkout."""
    folder = Path(os.environ.get("CRAB_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (set CRAB_SHARED_DATA)")
    return folder

"""What a model folder stands for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crab.core import modelpath
from crab.core.errors import DataError


def test_a_folder_is_its_own_model(tmp_path: Path) -> None:
    assert modelpath.resolve(tmp_path) == (str(tmp_path), None)


def test_a_base_file_names_a_hub_model(tmp_path: Path) -> None:
    (tmp_path / "base.json").write_text(json.dumps({"hub_id": "someone/model", "revision": "abc"}))
    assert modelpath.resolve(str(tmp_path)) == ("someone/model", "abc")


@pytest.mark.parametrize("content", ["", "[]", '{"hub_id": 3}', '{"hub": "someone/model"}'])
def test_a_broken_base_file_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "base.json").write_text(content)
    with pytest.raises(DataError, match=r"base\.json"):
        modelpath.resolve(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        modelpath.resolve(tmp_path / "none")

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crab.config.seed import SeedConfig
from crab.core.errors import DataError
from crab.data import digest, selection

ROOT = Path(__file__).parents[2]


def test_follows_the_content_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("two")
    (tmp_path / "copy").write_text("one")
    first = digest.digest("a", tmp_path)
    assert len(first) == 32
    assert first == digest.digest(["a"], tmp_path) == digest.digest(str(tmp_path / "a"), ROOT)
    assert first == digest.digest("copy", tmp_path)
    assert digest.digest(["a", "b"], tmp_path) != digest.digest(["b", "a"], tmp_path)
    (tmp_path / "a").write_text("changed")
    assert digest.digest("a", tmp_path) != first


@pytest.mark.parametrize(
    ("names", "expected"),
    [(None, "none"), ([], "none"), ("", "none"), ("gone", "missing"), (["here", "gone"], "missing")],
)
def test_says_what_is_not_there(tmp_path: Path, names: object, expected: str) -> None:
    (tmp_path / "here").write_text("x")
    assert digest.digest(names, tmp_path) == expected


def test_dvc_composes_it_through_the_plugin(tmp_path: Path) -> None:
    """As `dvc exp run` does: the plugin is found by `hydra.plugins_path`, paths start at the project."""
    project = tmp_path / "project"
    (project / "conf" / "hydra_plugins").mkdir(parents=True)
    shutil.copy(ROOT / "conf" / "hydra_plugins" / "crab_digest.py", project / "conf" / "hydra_plugins")
    shutil.copytree(ROOT / "conf" / "seed", project / "conf" / "seed")
    (project / "crab" / "data").mkdir(parents=True)
    shutil.copy(ROOT / "crab" / "data" / "digest.py", project / "crab" / "data")
    (project / "conf" / "config.yaml").write_text("defaults:\n  - _self_\n  - seed: files\nrandom_seed: 0\n")
    program = (
        "import sys\n"
        "from dvc.utils.hydra import compose_and_dump\n"
        "root, *overrides = sys.argv[1:]\n"
        "compose_and_dump(root + '/params.yaml', root + '/conf', None, 'config', root + '/conf', overrides)\n"
    )

    def compose(path: str) -> str:
        command = [sys.executable, "-I", "-c", program, str(project), f"seed.path={path}"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        (line,) = [line for line in (project / "params.yaml").read_text().split("\n") if line.startswith("  digest:")]
        return line.removeprefix("  digest: ")

    (tmp_path / "own.jsonl").write_text("{}\n")
    before = compose("../own.jsonl")
    assert before == compose("[../own.jsonl]") == digest.digest("../own.jsonl", project)
    (tmp_path / "own.jsonl").write_text("{}\n{}\n")
    assert compose("../own.jsonl") != before
    assert compose("[../own.jsonl,../gone.jsonl]") == "missing"


def test_a_file_that_changed_since_composing_stops_the_stage(
    project: Path, seed_config: Callable[..., SeedConfig]
) -> None:
    (project / "own.jsonl").write_text('{"instruction": "a", "output": "b"}\n')
    (project / "prompts.jsonl").write_text('{"prompt": "a"}\n')
    config = seed_config("seed=files", "seed.path=own.jsonl", "seed.contamination.prompts=prompts.jsonl")
    assert len(list(selection.candidates(config))) == 1
    (project / "own.jsonl").write_text('{"instruction": "a", "output": "c"}\n')
    (project / "prompts.jsonl").write_text('{"prompt": "b"}\n')
    with pytest.raises(DataError) as caught:
        selection.candidates(config)
    assert [problem.where for problem in caught.value.problems] == ["seed.path", "seed.contamination.prompts"]
    assert "crab compose" in str(caught.value)

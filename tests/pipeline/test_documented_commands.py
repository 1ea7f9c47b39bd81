"""Commands of README and docs that only look: run as they stand there, on a finished run."""

from __future__ import annotations

import shlex

import pytest

from tests.docs import commands
from tests.docs.pages import PAGES, blocks, inline_code
from tests.pipeline.conftest import Project

pytestmark = pytest.mark.slow

LOOKING = (
    "dvc exp show --only-changed",
    "python -m crab constraints types --json",
    "python -m crab eval list",
    "python -m crab family list",
    "python -m crab gc",
    "python -m crab results",
    "python -m crab track sync",
)


def written() -> set[tuple[str, ...]]:
    """Every command of every page."""
    texts = [block.text for page in PAGES for block in blocks(page) if block.language == "bash"]
    texts += [text for page in PAGES for _, text in inline_code(page) if text.startswith(("dvc ", "python "))]
    return {tuple(words) for text in texts for words in commands.split(text)}


@pytest.mark.parametrize("command", LOOKING)
def test_a_command_that_looks_works_on_a_finished_run(trial: Project, command: str) -> None:
    words = shlex.split(command)
    assert tuple(words) in written(), "no page names it any more"
    trial.run(*(words[2:] if words[0] == "python" else words))

"""Every command in README, docs and conf would be taken as it stands: arguments parsed, overrides composed, Python run.

What a command then does is tested where its code is; tests/pipeline runs the read-only ones on a finished run.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import commands
from tests.docs.pages import HOW_TO, PAGES, ROOT, Block, blocks, inline_code

SHELL = ("bash", "sh", "console", "shell")
BLOCKS = [block for page in PAGES for block in blocks(page)]
SHELL_BLOCKS = [block for block in BLOCKS if block.language in SHELL]
PYTHON_BLOCKS = [block for block in BLOCKS if block.language == "python" and block.page.parent != HOW_TO]
LANGUAGES = {*SHELL, "python", "json", "yaml", "diff", "text", "markdown", ""}
IN_PROSE = re.compile(r"(dvc|python -m crab|make|mlflow) [a-z]")
IN_CONF = re.compile(r"^#\s+((?:dvc|python -m crab|make) \S.*?)(?:\s{2,}.*)?$", re.MULTILINE)


def test_blocks_name_a_language_that_a_test_reads() -> None:
    assert {block.language for block in BLOCKS} <= LANGUAGES


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=str)
def test_shell_blocks_hold_commands_that_work(block: Block) -> None:
    # A recipe's own files exist once it is followed: test_how_to composes there.
    composing = block.page.parent != HOW_TO
    found = [(words, commands.problem(words, composing)) for words in commands.split(block.text)]
    assert found
    assert [(" ".join(words), problem) for words, problem in found if problem] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_prose_parse(page: Path) -> None:
    """`NAME` and the like stand for the reader's own, so their values are not composed."""
    wrong = []
    for line, text in inline_code(page):
        if IN_PROSE.match(text):
            if re.fullmatch(r"dvc( [a-z]+)+", text):  # named, not spelled out
                text += " --help"
            problems = [commands.problem(words, composing=False) for words in commands.split(text)]
            wrong += [(line, text, problem) for problem in problems if problem]
    assert wrong == []


@pytest.mark.parametrize("file", sorted((ROOT / "conf").rglob("*.yaml")), ids=lambda file: str(file.relative_to(ROOT)))
def test_commands_in_the_head_of_a_conf_file_work(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    wrong = []
    for command in IN_CONF.findall(text):
        problems = [commands.problem(words) for words in commands.split(command)]
        wrong += [(command, problem) for problem in problems if problem]
    assert wrong == []


def test_python_blocks_run() -> None:
    """Together in one process, each by itself."""
    lonely = "\n".join(f"(lambda: exec({block.text!r}, {{}}))()" for block in PYTHON_BLOCKS if not _is_a_part(block))
    done = subprocess.run([sys.executable, "-c", lonely], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def _is_a_part(block: Block) -> bool:
    """A file, or a part of one: tests/constraints follows the walk-through of docs/constraints.md."""
    return bool(block.file) or (block.page.name == "constraints.md" and "import constraints\n" not in block.text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("make rum", "no target rum"),
        ("make run EXTRAS=gpu", "no variable EXTRAS"),
        ("python -m crab resluts", "resluts"),
        ("python -m crab plan -S model=tiny", "-S"),
        ("python -m crab family run nothing", "no family is called nothing"),
        ("dvc exp shwo", "shwo"),
        ("dvc exp run -S sft.aux_wieght=1", "aux_wieght"),
        ("dvc exp run --queue -S 'sft.aux_weight=0,-1'", "aux_weight"),
        ("echo hello", "no test knows the program 'echo'"),
        ("ls crab/nowhere.py | head", "no such file"),
    ],
)
def test_a_command_that_does_not_work_is_found(text: str, says: str) -> None:
    assert says in str([commands.problem(words) for words in commands.split(text)])

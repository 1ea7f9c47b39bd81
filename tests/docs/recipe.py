"""Following a recipe to the letter: its files are written, its edits made, its commands run, in the page's order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tests.docs import commands
from tests.docs.pages import ROOT, Block, blocks

SHELL = ("bash", "sh")


class Copy:
    """The project's files in a folder of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        # An experiment is known by the code that git tracks.
        for command in (["git", "init", "-q"], ["git", "add", "-A"]):
            subprocess.run(command, cwd=root, check=True)

    def run(self, *arguments: str, ok: bool = True) -> str:
        """`python ARGUMENTS` there; returns what it said."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "MLFLOW_", "CRAB_", "GIT_"))}
        environment |= {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=environment, capture_output=True, text=True, timeout=300
        )
        assert not ok or done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout + done.stderr

    def follow(self, page: Path, leave_out: str = "$^") -> dict[str, str]:
        """Follow a page; returns what each command said. Commands with the pattern are parsed only."""
        said: dict[str, str] = {}
        for block in blocks(page):
            if block.file and block.language == "diff":
                self._edit(block)
            elif block.file:
                file = self.root / block.file
                assert not file.exists(), f"{block}: {block.file} is there already"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, encoding="utf-8")
            elif block.language in SHELL:
                for words in commands.split(block.text):
                    text = " ".join(words)
                    assert commands.problem(words, composing=False) is None, text
                    if not re.search(leave_out, text):
                        said[text] = self._command(words)
        return said

    def _edit(self, block: Block) -> None:
        """A diff without line numbers: its old lines stand together in the file, once."""
        lines = block.text.splitlines()
        assert all(line[:1] in (" ", "-", "+") for line in lines), (
            f"{block}: a line begins with neither ' ', '-' nor '+'"
        )
        old = "\n".join(line[1:] for line in lines if line[0] != "+") + "\n"
        new = "\n".join(line[1:] for line in lines if line[0] != "-") + "\n"
        file = self.root / block.file
        text = file.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{block}: {block.file} has no such lines:\n{old}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def _command(self, words: list[str]) -> str:
        if words[:3] == ["dvc", "exp", "run"]:  # what DVC does first: what a run costs is minutes
            overrides = [value for name, value in pairwise(words) if name == "-S"]
            return self.run("-m", "crab", "compose", *overrides)
        if words[:2] == ["dvc", "repro"]:
            return "".join(self.run("-m", f"stages.{stage}") for stage in words[2:])
        if words[:2] == ["python", "-m"]:
            return self.run(*words[1:])
        return ""

"""The hooks before a commit do what `make check` does, and the page says so rightly."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / ".pre-commit-config.yaml"


def test_the_hooks_run_what_make_check_runs() -> None:
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    steps = [
        line.strip().replace("$(VENV)", ".venv").replace("$(PY)", ".venv/bin/python") for line in recipe[1].splitlines()
    ]
    checked = {step.removesuffix(" .") for step in steps}
    (local,) = YAML(typ="safe").load(HOOKS.read_text())["repos"]
    assert local["repo"] == "local", "nothing is downloaded"
    assert checked <= {hook["entry"] for hook in local["hooks"]}


@pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="pre-commit is not installed")
def test_pre_commit_takes_the_hooks() -> None:
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", str(HOOKS)], check=True, capture_output=True)


def test_the_changelog_names_commits_that_exist() -> None:
    named = set(re.findall(r"\b[0-9a-f]{7}\b", (ROOT / "CHANGELOG.md").read_text()))
    assert named
    if not (ROOT / ".git").exists():
        pytest.skip("no git history beside the sources")
    history = subprocess.run(["git", "rev-list", "--all"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    known = {commit[:7] for commit in history.split()}
    if len(known) < 20:
        pytest.skip("a shallow clone")
    assert sorted(named - known) == []

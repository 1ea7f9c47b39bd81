"""Headless Chromium for tests that look at pages as a reader would."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "CRAB_BROWSER"
"""Set to `required`, as `.ci/run` does, a missing browser fails a test that would otherwise be skipped."""


def open_page(
    address: str, profile: Path, *options: str, milliseconds: int = 10_000
) -> subprocess.CompletedProcess[str]:
    """Open a page without a window; its DOM is on stdout when it has had its time, its console on stderr.

    Args:
        address: Of the page. No name but this machine's is ever resolved.
        profile: Folder for what a browser keeps.
        options: Further ones of Chromium's.
        milliseconds: Of the page's own clock, which stands while it loads.
    """
    command = [
        _find(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking", "--no-first-run",
        f"--virtual-time-budget={milliseconds}", f"--user-data-dir={profile}", *options, "--dump-dom", address,
    ]  # fmt: skip
    environment = os.environ | {"HOME": str(profile.parent), "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=True, env=environment)


def read_until(address: str, profile: Path, words: Sequence[str], attempts: int = 4) -> str:
    """The text of a page that fetches what it shows; opened again, with more time, until it holds these words.

    It is returned as it is in the end: the caller asserts, so that a failure shows it.
    """
    text = ""
    for attempt in range(attempts):
        done = open_page(address, profile, "--window-size=1600,1400", milliseconds=10_000 * (attempt + 1))
        text = " ".join(html.unescape(re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", done.stdout, flags=re.S)).split())
        if all(word in text for word in words):
            break
    return text


def _find() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = f"no browser on this machine: {', '.join(NAMES)}"
        if os.environ.get(REQUIRED) == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return found

"""Shapes of lines that several types look for."""

from __future__ import annotations

import re

from crab.core.text import Measures

_STEP = re.compile(r"^[ \t#*_>\"“-]*step (\d{1,4})[*_]*[ \t]*[:.)–—-]", re.IGNORECASE | re.MULTILINE)
_SALUTATION = re.compile(r"^[ \t*_>\"“]*dear\b[^\n,:!]{1,60}[,:!]", re.IGNORECASE | re.MULTILINE)


def numbered_steps(m: Measures) -> int:
    """Lines that begin with "Step k" and a mark, if they count 1, 2, 3 and so on; else 0."""
    if "step" not in m.lower:
        return 0
    found = [int(number) for number in _STEP.findall(m.text)]
    return len(found) if found == list(range(1, len(found) + 1)) else 0


def salutation(m: Measures) -> str:
    """The line's beginning that greets a letter's reader ("Dear ...,"), or "" if there is none."""
    match = _SALUTATION.search(m.text) if "dear" in m.lower else None
    return match[0].strip(' \t*_>"“') if match else ""

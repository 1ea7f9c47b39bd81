"""Say once per process that something is not being recorded."""

from __future__ import annotations

import sys
from functools import cache


@cache
def once(message: str) -> None:
    """Print a warning, unless this very one was printed before."""
    print(f"crab: warning: {message}", file=sys.stderr, flush=True)

"""What a stage's process owes its surroundings: die with its parent, stay quiet on the network, run its own code."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import crab
from crab.core.errors import CrabError, Problem

QUIET = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "VLLM_NO_USAGE_STATS": "1",
    # MLflow's own defaults let one call to a dead server block for four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
}
"""Set unless the user has set them: nothing phones home, and a dead server costs seconds."""

_PR_SET_PDEATHSIG = 1


def prepare() -> None:
    """Set `QUIET`; on Linux, under DVC, ask to be terminated when DVC dies, so that no orphan holds a GPU."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if sys.platform == "linux" and "DVC_STAGE" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def check_own_code() -> None:
    """Refuse to run another checkout's code, as an installed copy would inside of DVC's snapshots.

    Raises:
        CrabError: `crab` was imported from somewhere else than the current folder.
    """
    found = Path(crab.__file__).resolve().parent
    if found != Path.cwd().resolve() / "crab":
        raise CrabError(
            Problem(
                f"crab, imported from {found}",
                f"is not the code of the current folder {Path.cwd()}",
                "run stages as `python -m stages.NAME` from the folder of their checkout or snapshot",
            )
        )


def is_main() -> bool:
    """Whether this is the process that records, among several that train together."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def terminable() -> Iterator[None]:
    """Turn SIGTERM into `SystemExit(143)`, so that files are closed and the end is recorded; a second one kills."""

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise SystemExit(128 + number)

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)

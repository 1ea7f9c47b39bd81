"""What the command line can do where its own packages are missing: say so, and `doctor`."""

from __future__ import annotations

import sys
from typing import NoReturn

from crab.cli.doctor import examine
from crab.cli.doctor.findings import INSTALL
from crab.core import paths
from crab.core.errors import CrabError


def main(missing: str) -> NoReturn:
    """Run `doctor` with the standard library alone; any other command ends in one message."""
    if sys.argv[1:2] != ["doctor"]:
        print(
            f"crab: the package {missing} is not installed; {INSTALL}; python -m crab doctor tells more",
            file=sys.stderr,
        )
        raise SystemExit(1)
    try:
        raise SystemExit(examine.run(paths.main_checkout(), sys.argv[2:]))
    except CrabError as error:
        for problem in error.problems:
            print(f"crab: {problem}", file=sys.stderr)
        raise SystemExit(1) from None

"""Write the experiment's complete row: every parameter, every stage's metrics, figures, and the hashes they come from.

Reads  params.yaml, dvc.lock, results/, data/verified/
Writes nothing here: the row goes to the journal and to MLflow, and a store that is down costs a warning
"""

from __future__ import annotations

from crab import tracking
from crab.report import figures
from crab.tracking import record


def main() -> None:
    with tracking.start("track") as run:
        row = record.workspace(figures.draw)
        record.write(row)
        run.log(row.metrics)


if __name__ == "__main__":
    main()

"""What happened, when and with which numbers: a journal beside the repository, and MLflow as a view of it.

Stages use `start` and nothing else. No stage lists this room among its dependencies, so a change here reruns nothing.
"""

from crab.tracking.stage import Run, start

__all__ = ["Run", "start"]

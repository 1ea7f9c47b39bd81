"""Checkpoints that survive a kill at any moment: written by the trainer, believed only once a marker lies in them."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from crab.core import io

MARKER = "complete.json"
_PREFIX = "checkpoint-"


def last_complete(folder: Path) -> Path | None:
    """The newest whole checkpoint; those that a kill left half-written are removed."""
    whole: dict[int, Path] = {}
    for checkpoint in folder.glob(f"{_PREFIX}*"):
        if (checkpoint / MARKER).exists():
            whole[int(checkpoint.name.removeprefix(_PREFIX))] = checkpoint
        else:
            shutil.rmtree(checkpoint)
    return whole[max(whole)] if whole else None


def journal(checkpoint: Path) -> dict[str, Any]:
    """What the trainer wrote down beside the weights."""
    values: dict[str, Any] = json.loads((checkpoint / MARKER).read_text(encoding="utf-8"))
    return values


class Keeper(TrainerCallback):
    """Saves when `save_seconds` have passed or a stop was asked for, and marks what was written whole."""

    def __init__(self, folder: Path, save_seconds: float, journal: Callable[[], dict[str, Any]]) -> None:
        self.folder, self.save_seconds, self.journal = folder, save_seconds, journal
        self.stopping = False
        self._saved_at = time.monotonic()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        due = [self.stopping or time.monotonic() - self._saved_at >= self.save_seconds, self.stopping]
        if args.world_size > 1:
            broadcast_object_list(due)  # all processes take part in a save, and only one clock decides
        control.should_save, control.should_training_stop = due[0], control.should_training_stop or due[1]
        control.should_log |= due[0]  # where the loss is looked at: what is no number must not become a checkpoint

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        journal = self.journal()  # sums of all processes
        if args.world_size > 1:
            PartialState().wait_for_everyone()  # each has written its own part
        if state.is_world_process_zero:
            io.write_json(self.folder / f"{_PREFIX}{state.global_step}" / MARKER, journal)
        self._saved_at = time.monotonic()

    @contextmanager
    def stopping_on_sigterm(self) -> Iterator[None]:
        """Inside, SIGTERM ends the current step, saves, and then stops."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(*_: object) -> None:
            self.stopping = True

        previous = signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, previous)

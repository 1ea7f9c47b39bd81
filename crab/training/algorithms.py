"""The preference algorithms by name. One more is one more module of this shape."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from crab.config.compute import ComputeConfig
from crab.config.dpo import Algorithm, DpoConfig
from crab.config.model import ModelConfig
from crab.core.records import Rejected
from crab.training import best_of_n, dpo, grpo, more_sft
from crab.training.material import Material

if TYPE_CHECKING:
    from crab.training.loop import LogStep


class Prepared(Protocol):
    """What fits the model, as the algorithm trains on it."""

    @property
    def rows(self) -> list[Any]: ...
    @property
    def rejected(self) -> list[Rejected]: ...
    @property
    def cut(self) -> int:
        """Rows that fit only after a cut."""


class Module(Protocol):
    """What a module of an algorithm offers."""

    @property
    def RECORD(self) -> type[Any]:  # noqa: N802 (a constant of the module)
        """Type of the records in data/preferences.jsonl."""

    def make(self, material: Material, /) -> tuple[list[Any], list[Rejected]]:
        """The records to train on, and a line for every prompt that gave none."""

    def prepare(self, policy: Path, records: Sequence[Any], config: DpoConfig, model: ModelConfig, /) -> Prepared:
        """Tokenise the records, and set aside those that are too long."""

    def train(
        self, policy: Path, rows: Sequence[Any], config: DpoConfig, model: ModelConfig, compute: ComputeConfig,
        place: Path, save_seconds: float, output: Path, log_step: LogStep, /,
    ) -> dict[str, float]:  # fmt: skip
        """Train the SFT model on prepared rows, save it, and return counts and the metrics of the last epoch."""


ALGORITHMS: Final[dict[Algorithm, Module]] = {
    "dpo": dpo,
    "grpo": grpo,
    "best_of_n": best_of_n,
    "more_sft": more_sft,
}

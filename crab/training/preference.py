"""TRL's DPOTrainer with our order, our checkpoints, and a check that the policy starts as its own reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
from accelerate import PartialState
from datasets import Dataset
from trl.trainer.dpo_config import DPOConfig as TrlDpoConfig
from trl.trainer.dpo_trainer import DPOTrainer

from crab.config.dpo import DpoConfig
from crab.config.model import LoraConfig
from crab.core.errors import CrabError, Problem
from crab.training import heads, loop
from crab.training.dpo import TokenPair

# A reward is beta times a difference of summed log-probabilities. The reference was computed in batches of other
# widths, which moves sums in fp32 by about 1e-6 of their size, and in bf16 by about 1e-3.
_MARGIN = {False: 1e-4, True: 5e-2}
_RELATIVE = {False: 1e-6, True: 1e-3}
_REPORTED = ("rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies")


class PreferenceTrainer(loop.Resumable, DPOTrainer):
    """DPOTrainer on pairs that come tokenised."""

    def __init__(self, pairs: Sequence[TokenPair], **kwargs: Any) -> None:
        columns = {
            "prompt_ids": [pair.prompt for pair in pairs],
            "chosen_ids": [pair.chosen for pair in pairs],
            "rejected_ids": [pair.rejected for pair in pairs],
        }
        self.lengths = [pair.length for pair in pairs]
        self.sums = dict.fromkeys(_REPORTED, 0.0)
        self.batches = 0
        super().__init__(train_dataset=_on_disk(columns, Path(kwargs["args"].output_dir).parent / "pairs"), **kwargs)

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        # Called at the end of TRL's __init__: the policy is its own reference, so both take the same way from here on.
        self.plain_head = heads.use_plain_head(self.model, self.args.device)
        extended: Dataset = super()._precompute_ref_logps(dataset, name, batch_size)
        return extended

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        return dataset

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        loss = super().compute_loss(  # type: ignore[no-untyped-call]
            model, inputs, return_outputs, num_items_in_batch
        )
        metrics = self._metrics["train"]
        if self.state.global_step == 0:
            self._check_start(metrics["rewards/margins"][-1], metrics["logps/chosen"][-1])
        for name in _REPORTED:
            self.sums[name] += metrics[name][-1]
        self.batches += 1
        return loss

    def _check_start(self, margin: float, logps: float) -> None:
        allowed = _MARGIN[self.args.bf16] + self.beta * abs(logps) * _RELATIVE[self.args.bf16]
        if abs(margin) > allowed:
            raise CrabError(
                Problem(
                    "params.yaml [dpo]",
                    f"the reward margin of the first step is {margin:.2g}, not 0: policy and reference differ",
                    "remove the stage's folder in .work and run again; if it stays, the policy has dropout",
                )
            )

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Leave out what the plain head does not compute."""
        if self.plain_head:
            for name in ("entropy", "mean_token_accuracy", "logits/chosen", "logits/rejected"):
                self._metrics["train"].pop(name, None)
        super().log(logs, start_time)

    def final_rewards(self) -> dict[str, float]:
        """Means over the batches of the last epoch; the same however often the run was interrupted."""
        return {name.replace("/", "_"): total / self.batches for name, total in self.sums.items()}

    def journal(self) -> dict[str, Any]:
        return {"sums": self.sums, "batches": self.batches}

    def restore(self, journal: dict[str, Any]) -> None:
        self.sums, self.batches = dict(journal["sums"]), journal["batches"]

    def begin_epoch(self) -> None:
        self.sums, self.batches = dict.fromkeys(_REPORTED, 0.0), 0


def _on_disk(columns: dict[str, Any], folder: Path) -> Dataset:
    """The columns as a data set whose cache all processes share: TRL keeps the reference's log-probabilities there."""
    state = PartialState()
    if state.is_main_process:
        Dataset.from_dict(columns).save_to_disk(folder)
    state.wait_for_everyone()
    return Dataset.load_from_disk(folder)


def fit(
    model: Any,
    tokenizer: Any,
    pairs: Sequence[TokenPair],
    config: DpoConfig,
    lora: LoraConfig | None,
    bf16: bool,
    device: str,
    place: Path,
    save_seconds: float,
    log_step: loop.LogStep,
) -> PreferenceTrainer:
    """Train `model` on the pairs, going on where a killed run stopped; returns the trainer with the model."""
    datasets.disable_progress_bars()
    # The section's validator saw to it.
    assert config.loss_type is not None
    assert config.beta is not None
    assert config.nll_weight is not None
    assert config.label_smoothing is not None
    losses: list[str] = [config.loss_type, "sft"] if config.nll_weight else [config.loss_type]
    trainer = PreferenceTrainer(
        pairs,
        model=model,
        args=TrlDpoConfig(
            **loop.arguments(config, len(pairs), place / "checkpoints", config.random_seed, bf16, device),
            max_length=None,  # dealt with before
            beta=config.beta,
            loss_type=losses,
            loss_weights=[1.0, config.nll_weight][: len(losses)],
            label_smoothing=config.label_smoothing,
            precompute_ref_log_probs=True,
        ),
        processing_class=tokenizer,
        peft_config=loop.adapters(lora),
    )
    loop.run(trainer, "dpo", save_seconds, log_step)
    return trainer

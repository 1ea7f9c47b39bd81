"""The objective L = w * L_forward + alpha * L_reverse, on TRL's SFTTrainer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from datasets import Dataset
from trl.trainer.sft_trainer import SFTTrainer

from crab.training import heads
from crab.training.batches import Collator, Term, deal, pack
from crab.training.loop import Resumable, zeros
from crab.training.tokenise import TokenRow


@dataclass(frozen=True, slots=True)
class Objective:
    """The terms with their rows, grouped by unit: what the trainer counts as one row."""

    terms: list[tuple[Term, list[list[TokenRow]]]]
    lengths: list[int]
    """Length of each unit, by which steps are put together."""

    @property
    def tokens(self) -> int:
        """Tokens of all rows, prompts and completions without padding: what an epoch puts through the model."""
        return sum(len(row.tokens) for _, units in self.terms for unit in units for row in unit)


def plain(rows: Sequence[TokenRow]) -> Objective:
    """One term: the token mean over all rows."""
    return Objective([(Term("forward", 1.0), [[row] for row in rows])], [len(row.tokens) for row in rows])


def weighted(
    forward: Sequence[TokenRow],
    reverse: Sequence[TokenRow],
    forward_weight: float,
    aux_weight: float,
    normalize: str,
    seed: int,
    capacity: int | None = None,
) -> Objective:
    """L = forward_weight * L_forward + aux_weight * L_reverse.

    `per_task`: one unit for each forward row, and the reverse rows dealt out to ride along; a term without weight is
    left out, so that aux_weight = 0 is forward-only training in every bit, and forward_weight = 0 keeps the steps but
    computes the riders only. `tokens`: one term, each row a unit of its own with its task's weight; rows without
    weight are left out. With a capacity a unit is not one row but a packed sequence of so many tokens.
    """
    if normalize == "tokens":
        scaled = [(row, forward_weight) for row in forward] + [(row, aux_weight) for row in reverse]
        rows = [replace(row, weight=row.weight * scale) for row, scale in scaled]
        groups = _units([row for row in rows if row.weight], capacity)
        return Objective([(Term("all", 1.0), groups)], _lengths(groups))
    units = _units(forward, capacity)
    terms: list[tuple[Term, list[list[TokenRow]]]] = []
    if forward_weight:
        terms.append((Term("forward", forward_weight), units))
    if aux_weight and reverse and forward:
        riders = deal(_lengths(units), [len(row.tokens) for row in reverse], seed)
        terms.append((Term("reverse", aux_weight), [[reverse[index] for index in group] for group in riders]))
    return Objective(terms, _lengths(units))


def _units(rows: Sequence[TokenRow], capacity: int | None) -> list[list[TokenRow]]:
    if capacity is None:
        return [[row] for row in rows]
    return [[rows[index] for index in indices] for indices in pack([len(row.tokens) for row in rows], capacity)]


def _lengths(units: Sequence[Sequence[TokenRow]]) -> list[int]:
    return [sum(len(row.tokens) for row in rows) for rows in units]


def token_nll(model: Any, block: dict[str, torch.Tensor]) -> torch.Tensor:
    """Negative log-likelihood of each token but the first, 0 where it is not learnt: float [sequences, length - 1].

    Args:
        model: A causal language model, patched by TRL to return log-probabilities.
        block: Padded sequences as the collator makes them.
    """
    inputs = {name: block[name] for name in ("input_ids", "labels", "position_ids") if name in block}
    outputs = model(**inputs, use_cache=False, fused_lm_head=True)
    log_probs: torch.Tensor = outputs.log_probs
    return -log_probs


class ObjectiveTrainer(Resumable, SFTTrainer):
    """SFTTrainer with one denominator for each term, summed over the whole optimiser step and all processes."""

    loss_is_scaled_for_ga: Any = True
    knows_no_row = True
    model: Any
    args: Any
    accelerator: Any

    def __init__(self, objective: Objective, processing_class: Any, capacity: int | None = None, **kwargs: Any) -> None:
        super().__init__(
            train_dataset=Dataset.from_dict({"index": list(range(len(objective.lengths) + 1))}),
            data_collator=Collator(objective.terms, processing_class.pad_token_id, capacity),
            processing_class=processing_class,
            **kwargs,
        )
        self.terms = [term for term, _ in objective.terms]
        self.lengths = objective.lengths
        heads.use_plain_head(self.model, self.args.device)
        # Weighted loss and weighted completion tokens of forward and of reverse rows, and tokens read.
        self.interval, self.epoch_sums = zeros(self.args.device, 5), zeros(self.args.device, 5)
        self._logged_at = time.monotonic()

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, torch.Tensor]], device: torch.device) -> Any:
        """Weighted completion tokens of each term over the step: float64 [terms]."""
        counts = zeros("cpu", len(self.terms))
        for block in batch_samples:
            for place in range(len(self.terms)):
                counts[place] += block["weights"][block["term"] == place].double().sum().cpu()
        counts = counts.to(device)
        if self.args.world_size > 1:
            counts = self.accelerator.reduce(counts, "sum")
        return counts

    def compute_loss(
        self, model: Any, inputs: dict[str, torch.Tensor], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        losses = inputs["weights"][:, 1:] * token_nll(model, inputs)
        loss = torch.zeros((), device=losses.device)
        for place, term in enumerate(self.terms):
            total = (losses * (inputs["term"][:, 1:] == place)).sum()
            loss = loss + term.scale * total / num_items_in_batch[place].clamp(min=1e-9).float()
        self._count(inputs, losses.detach())
        scaled: torch.Tensor = loss * self.accelerator.num_processes  # DDP averages what we have already divided
        return scaled

    def _count(self, block: dict[str, torch.Tensor], losses: torch.Tensor) -> None:
        weights, losses, reverse = block["weights"][:, 1:].double(), losses.double(), block["reverse"][:, 1:]
        read = torch.tensor(float(block["input_ids"].numel()), dtype=torch.float64, device=weights.device)
        sums = torch.stack(
            [
                losses[~reverse].sum(),
                weights[~reverse].sum(),
                losses[reverse].sum(),
                weights[reverse].sum(),
                read,
            ]
        )
        self.interval += sums
        self.epoch_sums += sums

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the terms' own losses to a log line."""
        if "loss" in logs:
            sums = self._gathered(self.interval)
            now = time.monotonic()
            logs |= _losses(sums) | {
                "forward_tokens": sums[1],
                "reverse_tokens": sums[3],
                "tokens_per_second": sums[4] / max(now - self._logged_at, 1e-9),
            }
            self._logged_at = now
            self.interval.zero_()
        super().log(logs, start_time)

    def final_losses(self) -> dict[str, float]:
        """Token means over the last epoch, taken while training; the same however often the run was interrupted."""
        return _losses(self._gathered(self.epoch_sums))

    def _gathered(self, sums: torch.Tensor) -> list[float]:
        total = self.accelerator.reduce(sums, "sum") if self.args.world_size > 1 else sums
        return [float(value) for value in total.tolist()]

    def journal(self) -> dict[str, Any]:
        return {"epoch_sums": self._gathered(self.epoch_sums), "interval": self._gathered(self.interval)}

    def restore(self, journal: dict[str, Any]) -> None:
        if not self.is_world_process_zero():
            return  # the sums are everyone's: one process carries them on
        self.epoch_sums += torch.tensor(journal["epoch_sums"], dtype=torch.float64)
        self.interval += torch.tensor(journal["interval"], dtype=torch.float64)

    def begin_epoch(self) -> None:
        self.epoch_sums.zero_()


def _losses(sums: Sequence[float]) -> dict[str, float]:
    losses = {}
    if sums[1]:
        losses["forward_loss"] = sums[0] / sums[1]
    if sums[3]:
        losses["reverse_loss"] = sums[2] / sums[3]
    return losses

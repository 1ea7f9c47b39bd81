"""What all our training runs share around TRL's trainers: arguments, order, checkpoints, progress, and resuming."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from tqdm import tqdm
from transformers import PrinterCallback, ProgressCallback, TrainerCallback

from crab.config.model import LoraConfig
from crab.config.optimiser import OptimiserConfig
from crab.core.errors import CrabError, Problem, ResourceError
from crab.training import checkpoints, runtime
from crab.training.batches import EpochSampler

LogStep = Callable[[int, Mapping[str, float]], None]
_LOG_POINTS = 100  # a run logs this often


class Resumable:
    """What our trainers change in Hugging Face's: an order that can be resumed, and sums that a checkpoint carries."""

    lengths: Sequence[int]
    """Length of each row, by which steps are put together."""
    knows_no_row: bool = False
    """Whether the data set goes on after the last row with one that stands for nothing."""
    args: Any
    state: Any

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochSampler:
        share = self.args.per_device_train_batch_size * self.args.gradient_accumulation_steps
        fill = self.knows_no_row and self.args.world_size > 1
        return EpochSampler(self.lengths, share * self.args.world_size, self.args.seed, fill)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """No card: it would name this machine's versions in every checkpoint."""

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted: counting walks over all parameters in every step."""
        return 0

    def journal(self) -> dict[str, Any]:
        """Sums over the current epoch so far, as numbers that JSON keeps exactly."""
        raise NotImplementedError

    def restore(self, journal: dict[str, Any]) -> None:
        """Take up the sums of a checkpoint."""
        raise NotImplementedError

    def begin_epoch(self) -> None:
        """Set the sums of the epoch to zero."""
        raise NotImplementedError


class _Reporter(TrainerCallback):
    """A progress bar that stays quiet in a log file, the step metrics, and a stop where the loss is no number."""

    def __init__(self, trainer: Any, name: str, log_step: LogStep) -> None:
        self.trainer, self.name, self.log_step = trainer, name, log_step
        self.bar: Any = None
        self.logged_at, self.tokens = 0.0, 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.logged_at, self.tokens = time.monotonic(), float(state.num_input_tokens_seen)
        quiet = 2.0 if sys.stderr.isatty() else 30.0
        self.bar = tqdm(
            total=state.max_steps, initial=state.global_step, desc=self.name, unit="step", mininterval=quiet,
            disable=not state.is_world_process_zero,
        )  # fmt: skip

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step % (state.max_steps // state.num_train_epochs) == 0:  # else we came back into its middle
            self.trainer.begin_epoch()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.bar.update(1)

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        logs: dict[str, float] = kwargs["logs"]
        if "loss" not in logs:  # the trainer's closing line about run time
            return
        for what in ("loss", "grad_norm"):
            if not math.isfinite(logs.get(what, 0.0)):
                self.bar.close()
                raise CrabError(
                    Problem(
                        f"params.yaml [{self.name}]",
                        f"the {what} is {logs[what]} at step {state.global_step}",
                        "lower learning_rate; the last checkpoints, from before, are kept",
                    )
                )
        self.bar.set_postfix(loss=f"{logs['loss']:.3f}", refresh=False)
        if state.is_world_process_zero:
            self.log_step(state.global_step, {key: float(value) for key, value in logs.items()} | self._cost(logs))

    def _cost(self, logs: Mapping[str, float]) -> dict[str, float]:
        """Speed, where the trainer only counts tokens, and the most memory that this process has held."""
        cost = {"memory_gb": runtime.peak_memory_gb(self.trainer.args.device.type)}
        now = time.monotonic()
        if "num_tokens" in logs and "tokens_per_second" not in logs:
            cost["tokens_per_second"] = (logs["num_tokens"] - self.tokens) / max(now - self.logged_at, 1e-9)
            self.tokens = logs["num_tokens"]
        self.logged_at = now
        return cost

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.bar.close()


def arguments(config: OptimiserConfig, rows: int, folder: Path, seed: int, bf16: bool, device: str) -> dict[str, Any]:
    """TRL's training arguments for a run over `rows` rows, as keywords for any of its config classes.

    Several processes share the forward passes of a step, so that a step is the same whatever the number of processes.

    Raises:
        CrabError: The forward passes of a step cannot be shared evenly.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if config.accumulation_steps % processes:
        raise CrabError(
            Problem(
                "params.yaml [launch]",
                f"{processes} processes cannot share {config.accumulation_steps} forward passes a step evenly",
                "choose accumulation_steps as a multiple of launch.processes, with a smaller batch_size",
            )
        )
    steps = math.ceil(rows / (config.batch_size * config.accumulation_steps)) * config.epochs
    cosine = config.lr_scheduler_type == "cosine" and config.min_lr_ratio > 0
    return {
        "output_dir": str(folder),
        "seed": seed,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": "cosine_with_min_lr" if cosine else config.lr_scheduler_type,
        "lr_scheduler_kwargs": {"min_lr_rate": config.min_lr_ratio} if cosine else {},
        "warmup_steps": math.ceil(steps * config.warmup_ratio),
        "weight_decay": config.weight_decay,
        "adam_beta2": config.adam_beta2,
        "max_grad_norm": config.max_grad_norm,
        "num_train_epochs": config.epochs,
        "per_device_train_batch_size": config.batch_size,
        "gradient_accumulation_steps": config.accumulation_steps // processes,
        "gradient_checkpointing": config.gradient_checkpointing,
        "optim": "adamw_torch_fused",
        "bf16": bf16,
        "use_cpu": device == "cpu",
        "dataloader_pin_memory": device == "cuda",
        "dataloader_num_workers": 0,
        "remove_unused_columns": False,
        "logging_steps": max(1, steps // _LOG_POINTS),
        "logging_nan_inf_filter": False,  # we stop instead
        "save_strategy": "no",  # the Keeper decides
        "save_total_limit": 2,  # the one being written and a whole one
        "eval_strategy": "no",
        "ddp_find_unused_parameters": False,
        "ddp_broadcast_buffers": False,
        "report_to": "none",
        "disable_tqdm": True,
    }


def adapters(lora: LoraConfig | None) -> Any:
    """PEFT's configuration, or None for training all weights."""
    if lora is None:
        return None
    from peft import LoraConfig as PeftLora

    return PeftLora(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.target_modules),
        task_type="CAUSAL_LM",
    )


def run(trainer: Any, name: str, save_seconds: float, log_step: LogStep) -> None:
    """Train to the end, from the last whole checkpoint if there is one.

    Raises:
        CrabError: The loss stopped being a number, or the run was asked to stop (SIGTERM) and has saved.
    """
    folder = Path(trainer.args.output_dir)
    keeper = checkpoints.Keeper(folder, save_seconds, trainer.journal)
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(_Reporter(trainer, name, log_step))
    trainer.add_callback(keeper)
    with trainer.accelerator.main_process_first():
        checkpoint = checkpoints.last_complete(folder)
    if checkpoint is not None:
        trainer.restore(checkpoints.journal(checkpoint))
        if trainer.is_world_process_zero():
            print(f"{name}: goes on from step {checkpoint.name.rpartition('-')[2]}", file=sys.stderr)
    with keeper.stopping_on_sigterm(), _explaining_lack_of_memory(name), _explaining_a_full_disk(folder):
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    if keeper.stopping:
        raise CrabError(
            Problem(
                name,
                f"stopped on request at step {trainer.state.global_step}, and saved",
                "run the same command to go on",
            )
        )


@contextmanager
def _explaining_lack_of_memory(name: str) -> Iterator[None]:
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise ResourceError(
            Problem(
                f"params.yaml [{name}]",
                f"out of memory: {str(error).partition('.')[0] or 'no more RAM'}",
                "halve batch_size and double accumulation_steps (the step stays the same), set gradient_checkpointing, "
                "or choose a model with LoRA; the last checkpoint is kept",
            )
        ) from None


_FULL = ("No space left on device", "Disk quota exceeded", "inline_container", "PytorchStreamWriter", "iostream error")
"""What a write that failed says; the last three are torch's, which knows no reasons."""


@contextmanager
def _explaining_a_full_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if not any(sign in f"{error} {error.__context__}" for sign in _FULL):
            raise
        raise ResourceError(
            Problem(
                str(folder),
                "a checkpoint could not be written: the disk is full, or your quota on it is used up",
                "make room and run the same command: it goes on from the last whole checkpoint, which is kept",
            )
        ) from None


def zeros(device: Any, size: int) -> torch.Tensor:
    """Sums in double precision, so that their order of addition does not show."""
    return torch.zeros(size, dtype=torch.float64, device=device)

"""TRL's GRPOTrainer with our order, our checkpoints, and the checkers as reward.

Samples are drawn once a step and used in it only, so that a checkpoint between two steps holds all there is: weights,
moments, random numbers and the place in the order.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import datasets
from datasets import Dataset
from torch.utils.data import Sampler
from trl.trainer.grpo_config import GRPOConfig as TrlGrpoConfig

from crab.config.dpo import DpoConfig, GrpoConfig, GrpoVllmConfig
from crab.config.model import LoraConfig
from crab.core import randomness
from crab.data.preferences import PreferencePrompt
from crab.engines import chat
from crab.training import loop
from crab.training.reward import ConstraintReward

with warnings.catch_warnings():  # TRL looks at an installed vLLM, used or not, and complains of its version
    warnings.filterwarnings("ignore", message="TRL currently supports vLLM")
    from trl.trainer.grpo_trainer import GRPOTrainer

_OF_SAMPLES = ("reward", "share_met", "all_met", "unreadable", "completions/mean_length")
_OF_PASSES = ("kl", "entropy")


class GroupSampler(Sampler[int]):
    """Prompts in an order that depends on seed and epoch alone, each as often as it is answered.

    A step that is not full is left out; the next epoch's order leaves out others. TRL reads all rows of a step for each
    of its forward passes, and takes the first pass's; see its RepeatSampler.
    """

    def __init__(self, prompts: int, step_prompts: int, seed: int, samples: int, passes: int) -> None:
        self.prompts, self.step_prompts, self.seed = prompts, step_prompts, seed
        self.samples, self.passes = samples, passes
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.prompts // self.step_prompts * self.step_prompts * self.samples * self.passes

    def __iter__(self) -> Iterator[int]:
        order = list(range(self.prompts))
        randomness.rng(self.seed, "order", self.epoch).shuffle(order)
        for start in range(0, len(order) - self.step_prompts + 1, self.step_prompts):
            step = order[start : start + self.step_prompts]
            yield from [index for index in step for _ in range(self.samples)] * self.passes


class GroupTrainer(loop.Resumable, GRPOTrainer):
    """GRPOTrainer on prompts whose constraints are known."""

    sums: dict[str, tuple[float, int]]

    def __init__(self, prompts: Sequence[PreferencePrompt], **kwargs: Any) -> None:
        self.prompts = len(prompts)
        self.begin_epoch()
        columns = {"prompt": [one.prompt for one in prompts], "number": list(range(len(prompts)))}
        super().__init__(train_dataset=Dataset.from_dict(columns), **kwargs)

    def _get_train_sampler(self, dataset: Any = None) -> GroupSampler:  # type: ignore[override]
        args = self.args
        step = args.generation_batch_size // args.num_generations
        return GroupSampler(self.prompts, step, args.seed, args.num_generations, args.steps_per_generation)

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        scored = super()._generate_and_score_completions(inputs)
        self._count(_OF_SAMPLES)
        return scored

    def _compute_loss(self, model: Any, inputs: Any) -> Any:
        loss = super()._compute_loss(model, inputs)  # type: ignore[no-untyped-call]
        self._count(_OF_PASSES)
        return loss

    def _count(self, names: Sequence[str]) -> None:
        metrics = self._metrics["train"]
        for name in names:
            if name in metrics:
                total, count = self.sums.get(name, (0.0, 0))
                self.sums[name] = total + metrics[name][-1], count + 1

    def final_means(self) -> dict[str, float]:
        """Means over the last epoch; the same however often the run was interrupted."""
        return {name.rpartition("/")[2]: total / count for name, (total, count) in self.sums.items()}

    def journal(self) -> dict[str, Any]:
        return {"sums": self.sums}

    def restore(self, journal: dict[str, Any]) -> None:
        self.sums = {name: (total, count) for name, (total, count) in journal["sums"].items()}

    def begin_epoch(self) -> None:
        self.sums = {}


def fit(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[PreferencePrompt],
    config: DpoConfig,
    grpo: GrpoConfig,
    lora: LoraConfig | None,
    bf16: bool,
    device: str,
    place: Path,
    save_seconds: float,
    log_step: loop.LogStep,
) -> GroupTrainer:
    """Train `model` on its answers to the prompts, going on where a killed run stopped; returns the trainer."""
    datasets.disable_progress_bars()
    ends = chat.end_tokens(tokenizer, model.generation_config)
    model.generation_config.eos_token_id = ends
    step = config.batch_size * config.accumulation_steps // config.samples_per_prompt
    samples = len(prompts) // step * step * config.samples_per_prompt
    trainer = GroupTrainer(
        prompts,
        model=model,
        reward_funcs=ConstraintReward(prompts, ends, grpo.all_met_bonus),
        args=TrlGrpoConfig(
            **loop.arguments(config, samples, place / "checkpoints", config.random_seed, bf16, device),
            num_generations=config.samples_per_prompt,
            max_completion_length=config.max_new_tokens,
            temperature=config.temperature,
            beta=grpo.beta,
            loss_type=grpo.loss_type,
            scale_rewards=grpo.scale_rewards,
            **_vllm(grpo.vllm, config.max_length),
        ),
        processing_class=tokenizer,
        peft_config=loop.adapters(lora),
    )
    loop.run(trainer, "dpo", save_seconds, log_step)
    return trainer


def _vllm(config: GrpoVllmConfig | None, max_length: int) -> dict[str, Any]:
    if config is None:
        return {}
    return {
        "use_vllm": True,
        "vllm_mode": "colocate",
        "vllm_gpu_memory_utilization": config.gpu_memory_utilization,
        "vllm_enable_sleep_mode": config.sleep,
        "vllm_max_model_length": max_length,
    }

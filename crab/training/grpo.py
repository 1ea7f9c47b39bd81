"""Reinforcement with the checkers as reward (GRPO), on TRL's GRPOTrainer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.model import ModelConfig
from crab.core.errors import DataError, Problem, ResourceError
from crab.core.records import Rejected
from crab.data import preferences
from crab.data.preferences import PreferencePrompt
from crab.engines import chat
from crab.training import hardware, loading, runtime
from crab.training.material import Material

if TYPE_CHECKING:
    from crab.training.loop import LogStep

RECORD = PreferencePrompt


@dataclass(frozen=True, slots=True)
class PreparedPrompts:
    """Prompts that leave room for an answer, and those that do not."""

    rows: list[PreferencePrompt]
    rejected: list[Rejected]
    cut: int = 0


def make(material: Material) -> tuple[list[PreferencePrompt], list[Rejected]]:
    """The prompts that state something."""
    prompts = material.prompts(material.examples())
    rejected = [
        preferences.reject(prompt, "no constraint", "nothing to reward an answer by")
        for prompt in prompts
        if not prompt.constraints
    ]
    return [prompt for prompt in prompts if prompt.constraints], rejected


def prepare(
    policy: Path, prompts: Sequence[PreferencePrompt], config: DpoConfig, model: ModelConfig
) -> PreparedPrompts:
    """Reject prompts that leave no room for `dpo.max_new_tokens` in `dpo.max_length`."""
    tokenizer = loading.load_tokenizer(policy, model.about.access)
    result = PreparedPrompts([], [])
    room = config.max_length - config.max_new_tokens
    for prompt, ids in zip(prompts, chat.encode(tokenizer, [prompt.prompt for prompt in prompts]), strict=True):
        if len(ids) <= room:
            result.rows.append(prompt)
        else:
            detail = f"prompt of {len(ids)} tokens, at most {room}"
            result.rejected.append(Rejected("dpo", "too long", detail, asdict(prompt)))
    return result


def train(
    policy: Path,
    prompts: Sequence[PreferencePrompt],
    config: DpoConfig,
    model: ModelConfig,
    compute: ComputeConfig,
    place: Path,
    save_seconds: float,
    output: Path,
    log_step: LogStep,
) -> dict[str, float]:
    """Train an SFT model on its own answers to prepared prompts and save it to `output`.

    Every step samples anew, from the model as it is then; a step that is not full is left out of its epoch.

    Args:
        policy: models/sft.
        prompts: From `prepare`.
        config: The `dpo` section.
        model: The `model` section.
        compute: The `compute` section.
        place: The work folder; a killed run goes on from the checkpoints that it left there.
        save_seconds: Time between checkpoints.
        output: Where the model goes.
        log_step: Gets step and metrics, about a hundred times a run.

    Returns:
        Counts, and rewards and lengths of the last epoch's samples; on a CPU a pure function of the arguments.

    Raises:
        ResourceError: The machine cannot hold the model, or vLLM is asked for and there is no GPU.
        DataError: The prompts do not fill a step.
        CrabError: The loss stopped being a number, or a stop was asked for.
    """
    step = config.batch_size * config.accumulation_steps // config.samples_per_prompt
    if len(prompts) < step:
        raise DataError(
            Problem(
                "data/preferences.jsonl",
                f"{len(prompts)} prompts do not fill a step of {step}",
                "raise dpo.prompts, or lower dpo.accumulation_steps",
            )
        )
    device = runtime.configure(compute)
    hardware.require(model, compute, "training")
    assert config.grpo is not None  # the section's validator saw to it
    if config.grpo.vllm is not None and device == "cpu":
        raise ResourceError(Problem("params.yaml [dpo]", "grpo.vllm needs a GPU", "use dpo=grpo: transformers samples"))

    from crab.training import export, groups

    tokenizer = loading.load_tokenizer(policy, model.about.access)
    bf16 = loading.uses_bf16(model, device)
    trainer = groups.fit(
        loading.load_policy(policy, model, device), tokenizer, prompts, config, config.grpo, model.lora, bf16, device,
        place, save_seconds, log_step,
    )  # fmt: skip
    export.save(trainer, tokenizer, output, bf16)
    return {"prompts": len(prompts), "steps": trainer.state.global_step, **trainer.final_means()}

"""One answer to each preference prompt, to fine-tune on: the best of a model's own samples, or the record's response.

Both are what preference training has to beat: the same prompts, without a rejected side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crab.config.dpo import Keep
from crab.core import randomness
from crab.core.records import Rejected, TrainingRow
from crab.data.preferences import PreferencePrompt, Sample, reject, score

Answered = tuple[list[TrainingRow], list[Rejected]]


def best(
    prompts: Sequence[PreferencePrompt], samples: Sequence[Sequence[Sample]], keep: Keep, random_seed: int
) -> Answered:
    """The sample of each prompt that meets the largest share of its constraints; ties by hash.

    Args:
        prompts: The prompts.
        samples: The samples of each prompt, in the order of `prompts`.
        keep: Which best samples are worth learning.
        random_seed: Decides between equally good samples.
    """
    rows: list[TrainingRow] = []
    rejected: list[Rejected] = []
    for prompt, own in zip(prompts, samples, strict=True):
        result = _best(prompt, own, keep, random_seed)
        if isinstance(result, TrainingRow):
            rows.append(result)
        else:
            rejected.append(result)
    return rows, rejected


def original(prompts: Sequence[PreferencePrompt], responses: Mapping[str, str]) -> Answered:
    """The response that each prompt's constraints were derived from, and therefore meets them all.

    Args:
        prompts: The prompts.
        responses: Record's id -> its response.
    """
    stated = [prompt for prompt in prompts if prompt.constraints]
    rejected = [_nothing_stated(prompt) for prompt in prompts if not prompt.constraints]
    return [_row(prompt, responses[prompt.seed_id]) for prompt in stated], rejected


def _best(prompt: PreferencePrompt, samples: Sequence[Sample], keep: Keep, random_seed: int) -> TrainingRow | Rejected:
    if not prompt.constraints:
        return _nothing_stated(prompt)
    scores = [score(prompt.constraints, sample) for sample in samples]
    top = max(scores, default=-1.0)
    shown = "scores " + ", ".join(f"{value:.2f}" for value in scores)
    if top < 0:
        return reject(prompt, "no finished sample", f"{len(samples)} samples, none ended by itself")
    if keep == "all_met" and top < 1:
        return reject(prompt, "not all met", shown)
    if keep == "better" and min(scores) == top:
        return reject(prompt, "tie", shown)
    tied = [number for number, value in enumerate(scores) if value == top]
    chosen = min(tied, key=lambda number: randomness.fraction(random_seed, "best", prompt.seed_id, number))
    return _row(prompt, samples[chosen].text)


def _nothing_stated(prompt: PreferencePrompt) -> Rejected:
    return reject(prompt, "no constraint", "the draw left no constraint to state")


def _row(prompt: PreferencePrompt, answer: str) -> TrainingRow:
    return TrainingRow(
        prompt=prompt.prompt,
        completion=[{"role": "assistant", "content": answer}],
        task="forward",
        weight=1.0,
        constraint_types=tuple(constraint.type for constraint in prompt.constraints),
        seed_id=prompt.seed_id,
    )

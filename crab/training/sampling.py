"""Answers of the policy itself, from which preferences are ranked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crab.core import randomness, work
from crab.data.preferences import PreferencePrompt, Sample
from crab.engines.base import Engine, Request, Response


def sample(
    engine: Engine,
    prompts: Sequence[PreferencePrompt],
    per_prompt: int,
    max_new_tokens: int,
    temperature: float,
    random_seed: int,
    place: Path,
) -> list[list[Sample]]:
    """Draw `per_prompt` answers to each prompt, kept in `place` as they come.

    Every answer has random numbers of its own, so neither batches nor a kill change it.
    """
    requests = [
        Request(
            id=f"{prompt.seed_id}/{number}",
            messages=prompt.prompt,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            seed=randomness.rng(random_seed, "sample", prompt.seed_id, number).getrandbits(63),
        )
        for prompt in prompts
        for number in range(per_prompt)
    ]
    responses = list(work.sharded(place, "samples", requests, engine.generate, Response, shard_size=1000))
    samples = [Sample(response.text, response.finished) for response in responses]
    return [samples[start : start + per_prompt] for start in range(0, len(samples), per_prompt)]

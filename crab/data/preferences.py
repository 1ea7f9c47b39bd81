"""Preference pairs whose labels the checkers certify.

A pair says: the chosen response meets these constraints of the prompt, the rejected one fails them. Both halves of the
sentence are checked, whatever made the responses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from crab import constraints as registry
from crab.core import randomness
from crab.core.records import Constraint, Example, Message, PreferencePair, Rejected

MAX_SIBLINGS = 8
"""Siblings that are tried before an edit is; with real prompts the first one or two fail something."""

Choose = Callable[[Example], Sequence[Constraint]]
Compose = Callable[[Example, Sequence[Constraint]], list[Message]]


@dataclass(frozen=True, slots=True)
class PreferencePrompt:
    """A training prompt and what its answers must meet; what GRPO trains on."""

    seed_id: str
    prompt: list[Message]
    constraints: tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A response that a model gave."""

    text: str
    finished: bool
    """Ended by itself. One that did not, or has no text, ranks below all others."""


Built = tuple[list[PreferencePair], list[Rejected]]


def from_samples(prompts: Sequence[PreferencePrompt], samples: Sequence[Sequence[Sample]]) -> Built:
    """Pairs from a model's own samples: chosen is the best by share of constraints met, rejected the worst.

    Args:
        prompts: Prompts with at least one constraint each.
        samples: The samples of each prompt, in the order of `prompts`.
    """
    pairs: list[PreferencePair] = []
    rejected: list[Rejected] = []
    for prompt, own in zip(prompts, samples, strict=True):
        result = _rank(prompt, own)
        if isinstance(result, PreferencePair):
            pairs.append(result)
        else:
            rejected.append(result)
    return pairs, rejected


def from_witness(examples: Sequence[Example], choose: Choose, compose: Compose, random_seed: int) -> Built:
    """Pairs without a model: chosen is the response itself, rejected a sibling or a small edit that fails constraints.

    Args:
        examples: Verified records; those with the same instruction are each other's siblings.
        choose: The constraints that the prompt of a record states.
        compose: Writes the prompt.
        random_seed: Decides which sibling and which edit.
    """
    siblings: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        siblings[example.instruction].append(example)
    pairs: list[PreferencePair] = []
    rejected: list[Rejected] = []
    for example in examples:
        chosen = tuple(choose(example))
        prompt = PreferencePrompt(example.id, compose(example, chosen), chosen)
        if not chosen:
            rejected.append(reject(prompt, "no constraint", "the draw left no constraint to fail"))
            continue
        alternatives = _alternatives(example, chosen, siblings[example.instruction], random_seed)
        for source, text in alternatives:
            if failed := _failed(chosen, example.response, text):
                pairs.append(_pair(prompt, example.response, text, failed, source))
                break
        else:
            detail = "no sibling and no edit fails a constraint that the response meets"
            rejected.append(reject(prompt, "no failing alternative", detail))
    return pairs, rejected


def score(constraints: Sequence[Constraint], sample: Sample) -> float:
    """Share of the constraints that an answer meets; -1 for one that did not end by itself, or has no text."""
    if not sample.finished or not sample.text.strip():
        return -1.0
    return sum(verdict.satisfied for verdict in registry.check_all(constraints, sample.text)) / len(constraints)


def reject(prompt: PreferencePrompt, reason: str, detail: str) -> Rejected:
    """The line of a prompt that nothing came of."""
    record = {"seed_id": prompt.seed_id, "constraints": [constraint.text for constraint in prompt.constraints]}
    return Rejected(stage="dpo", reason=reason, detail=detail, record=record)


def _rank(prompt: PreferencePrompt, samples: Sequence[Sample]) -> PreferencePair | Rejected:
    if not prompt.constraints:
        return reject(prompt, "no constraint", "nothing to rank the samples by")
    scores = [score(prompt.constraints, sample) for sample in samples]
    if not scores or max(scores) < 0:
        return reject(prompt, "no finished sample", f"{len(samples)} samples, none ended by itself")
    best = scores.index(max(scores))
    shown = ", ".join(f"{score:.2f}" for score in scores)
    # Worst first; an unfinished one that fails nothing has no label that a checker could certify, so the next is tried.
    for worst in sorted(range(len(samples)), key=lambda index: (scores[index], index)):
        if scores[worst] == scores[best]:
            break
        if failed := _failed(prompt.constraints, samples[best].text, samples[worst].text):
            return _pair(prompt, samples[best].text, samples[worst].text, failed, "onpolicy")
    reason = "tie" if min(scores) == max(scores) else "no certified difference"
    return reject(prompt, reason, f"scores {shown}")


def _failed(constraints: Sequence[Constraint], chosen: str, rejected: str) -> tuple[str, ...]:
    """Types that the rejected response fails and the chosen one meets, each constraint of the type."""
    good = registry.check_all(constraints, chosen)
    bad = registry.check_all(constraints, rejected)
    missed = {constraint.type for constraint, verdict in zip(constraints, good, strict=True) if not verdict.satisfied}
    return tuple(
        dict.fromkeys(
            constraint.type
            for constraint, verdict in zip(constraints, bad, strict=True)
            if not verdict.satisfied and constraint.type not in missed
        )
    )


def _alternatives(
    example: Example, chosen: Sequence[Constraint], siblings: Sequence[Example], random_seed: int
) -> Iterator[tuple[str, str]]:
    """Candidates for the rejected side: siblings first, since they are real text; then edits.

    Edits that break one constraint and keep the others come before those that break more.
    """
    rng = randomness.rng(random_seed, "witness", example.id)
    others = sorted((sibling for sibling in siblings if sibling.id != example.id), key=lambda sibling: sibling.id)
    others = rng.sample(others, min(len(others), MAX_SIBLINGS))
    yield from (("sibling", sibling.response) for sibling in others if sibling.response != example.response)
    targets = rng.sample(list(chosen), len(chosen))
    for keep in (chosen, ()):
        for target in targets:
            kept = [constraint for constraint in keep if constraint is not target]
            for mutation in registry.mutate(target, example.response, kept, random_seed):
                yield f"edit:{mutation.edit}", mutation.response


def _pair(prompt: PreferencePrompt, chosen: str, rejected: str, failed: tuple[str, ...], source: str) -> PreferencePair:
    return PreferencePair(
        prompt=prompt.prompt,
        chosen=[{"role": "assistant", "content": chosen}],
        rejected=[{"role": "assistant", "content": rejected}],
        failed=failed,
        source=source,
        seed_id=prompt.seed_id,
    )

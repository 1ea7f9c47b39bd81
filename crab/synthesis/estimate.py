"""What a teacher and a judge would cost, before anything is sent: the very prompts, counted; the answers, assumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crab.config.judge import ExaminerConfig
from crab.config.llm import LlmConfig
from crab.config.teacher import ProposerConfig
from crab.core import randomness
from crab.core.records import Constraint, Example, Message, Seed
from crab.synthesis import judging
from crab.synthesis.plan import Plan

SAMPLE = 300
"""Records whose prompts are counted; the sum is scaled up to all of them."""
FIELD_TOKENS = 22
"""Assumed of one filled field: its key, and a sentence of some fifteen words."""
VERDICT_TOKENS = 60
"""Assumed of one verdict: four fields, two of them short sentences."""

Count = Callable[[Sequence[Message]], int]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one role."""

    role: str
    records: int
    calls: float
    prompt_tokens: float
    completion_tokens: float
    most_completion_tokens: float
    """If every answer ran to its token limit, and every attempt were needed."""
    money: float | None
    most_money: float | None


def teacher(seeds: Sequence[Seed], config: ProposerConfig, random_seed: int, count: Count) -> Estimate:
    """Every call, each answered with all its fields filled."""
    calls = prompt = completion = 0
    drawn = _sample(seeds)
    plan = Plan(config, random_seed)
    for seed in drawn:
        for ask in plan.asks(seed):
            calls += 1
            prompt += count(ask.question.messages)
            completion += FIELD_TOKENS * max(3, len(ask.fields))
    return _estimate("teacher", config, len(seeds), len(drawn), calls, prompt, completion)


def judged_fields(config: ProposerConfig) -> int:
    """Fields about which only a judge can decide, the refined instruction included."""
    names = [name for group in config.groups.values() for name in group]
    return sum(judging.is_judged(Constraint(name, {}, "")) for name in names) + config.refine


def judge(seeds: Sequence[Seed], config: ExaminerConfig, judged_per_record: int, audits: int, count: Count) -> Estimate:
    """One call per sample for each judged constraint, as many as the teacher has fields for; audits beside them."""
    constraint = Constraint("style:writing_style", {}, " ".join(["requirement"] * 15), "teacher")
    calls = prompt = 0
    drawn = _sample(seeds)
    for seed in drawn:
        case = judging.Case(Example(**{name: getattr(seed, name) for name in Seed.__slots__}), constraint)
        prompt += judged_per_record * config.samples * count(judging.question(case).messages)
        calls += judged_per_record * config.samples
    if drawn and judged_per_record:
        share = 1 + audits * config.samples * len(drawn) / (len(seeds) * calls)
        calls, prompt = round(calls * share), round(prompt * share)
    return _estimate("judge", config, len(seeds), len(drawn), calls, prompt, calls * VERDICT_TOKENS)


def _sample(seeds: Sequence[Seed]) -> list[Seed]:
    return sorted(seeds, key=lambda seed: (randomness.fraction(0, "estimate", seed.id), seed.id))[:SAMPLE]


def _estimate(
    role: str, config: LlmConfig, records: int, drawn: int, calls: int, prompt: int, completion: int
) -> Estimate:
    scale = records / drawn if drawn else 0.0
    most = calls * config.attempts * config.sampling.max_new_tokens
    money = most_money = None
    if config.prices is not None:
        money = scale * config.prices.money(prompt, completion)
        most_money = scale * config.prices.money(prompt * config.attempts, most)
    return Estimate(role, records, scale * calls, scale * prompt, scale * completion, scale * most, money, most_money)

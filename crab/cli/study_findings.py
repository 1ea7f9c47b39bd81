"""From the runs of a study to what may be said of each claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crab.cli import comparison
from crab.cli.comparison import Paired, Scores
from crab.cli.studies import Claim, Question, Study
from crab.cli.study_records import Found
from crab.evaluation.comparisons import holm
from crab.report import verdicts
from crab.report.studied import Answered, Finding, NotRun, Setting, Studied, Sweep

ScoresOf = Callable[[str, str, str], Mapping[int | None, Scores]]
"""Arm, model and benchmark -> random seed -> scores."""


def studied(study: Study, found: Found, scores: ScoresOf) -> Studied:
    """Everything that the document says."""
    return Studied(
        name=study.name,
        question=study.size.question,
        every=tuple(study.size.every),
        seeds=tuple(seed for seed in study.size.random_seeds if any(run.seed == seed for run in found.runs)),
        margin=study.claims.margin_points / 100,
        answers=tuple(_answer(study, question, scores) for question in study.claims.questions),
        sweeps=tuple(Sweep(**sweep.model_dump()) for sweep in study.claims.sweeps),
        settings=tuple(
            Setting(
                name, arm.about, tuple(arm.overrides), arm.trains, tuple(run for run in found.runs if run.arm == name)
            )
            for name, arm in study.arms.items()
        ),
        missing=found.missing,
        left_out=study.left_out,
    )


def _answer(study: Study, question: Question, scores: ScoresOf) -> Answered:
    """Compare what can be compared; p values of a question are adjusted together."""
    pairs = [_compare(study, claim, scores) for claim in question.claims]
    adjusted = iter(holm([pair.p for pair in pairs if isinstance(pair, Paired)]))
    return Answered(
        title=question.title,
        asks=question.asks,
        findings=tuple(
            _found(study, claim, pair, next(adjusted)) if isinstance(pair, Paired) else _nothing(claim, pair)
            for claim, pair in zip(question.claims, pairs, strict=True)
        ),
        not_run=tuple(NotRun(one.says, one.paper, one.why) for one in question.not_run),
    )


def _compare(study: Study, claim: Claim, scores: ScoresOf) -> Paired | str:
    """Both models on the same prompts of the same seeds, or why that cannot be."""
    if absent := [arm for arm in dict.fromkeys(claim.arms) if arm not in study.arms]:
        return f"size `{study.name}` leaves out {' and '.join(f'`{arm}`' for arm in absent)}"
    first, second = (scores(arm, model, claim.on) for arm, model in zip(claim.arms, claim.models, strict=True))
    if not first or not second:
        return "its runs are missing"
    name = f"{' - '.join(claim.compare)} on {claim.on}"
    return comparison.paired(name, first, second, claim.measure) or comparison.NOTHING_IN_COMMON


def _found(study: Study, claim: Claim, pair: Paired, p: float) -> Finding:
    seeds = pair.seeds.n if pair.seeds else 1
    margin = (claim.margin_points or study.claims.margin_points) / 100
    return Finding(
        says=claim.says,
        paper=claim.paper,
        first=claim.compare[0],
        second=claim.compare[1],
        on=claim.on,
        measure=claim.measure,
        effect=pair.decides,
        prompts=pair.prompts.n,
        seeds=seeds,
        p=p,
        verdict=verdicts.judge(pair.decides.low, pair.decides.high, p, seeds, claim.expected, margin),
    )


def _nothing(claim: Claim, why: str) -> Finding:
    first, second = claim.compare
    return Finding(claim.says, claim.paper, first, second, claim.on, claim.measure, None, 0, 0, None, None, missing=why)

"""FollowBench (arXiv 2310.20410; github.com/YJiangcm/FollowBench): 164 chains of five items, in six categories.

350 items are decided by program, 470 by a judge that sees how the instruction grew. The published averages differ by
who computes them, see `scores`. The judge is asked by a prompt of our own and read by a fixed form, so that its numbers
are not the paper's, whose judge was gpt-4-0613; with a recorded judge (engine `replay`) they repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from crab.config.benchmarks import FollowBenchConfig
from crab.config.compute import ComputeConfig
from crab.core import text
from crab.engines import cache, content
from crab.engines.base import Request, Response, open_engine
from crab.evaluation import lengths, published
from crab.evaluation.benchmark import CountRow, TypeRow, check_order
from crab.evaluation.followbench import items, judge, rules, scores
from crab.evaluation.followbench.items import CATEGORIES, LEVELS, Item
from crab.evaluation.followbench.judge import Judgement
from crab.evaluation.followbench.scores import Scored
from crab.evaluation.intervals import Bootstrap
from crab.prompts import followbench as prompts_

_NO_JUDGE = Judgement("", None, "no judge is set")


class FollowBench:
    """The benchmark over the six published files."""

    name = "followbench"
    version = 1
    source = "arXiv 2310.20410, github.com/YJiangcm/FollowBench (Apache-2.0; 30 chains come from OpenAssistant)"

    def __init__(self, config: FollowBenchConfig, compute: ComputeConfig, limit: int | None = None) -> None:
        self._config = config
        self._compute = compute
        self._limit = limit

    def load(self) -> list[Item]:
        """The items by category, chain and level; a limit takes the same number of chains, at least one, of each."""
        found = items.read(published.read(self._config.prompts, "eval.followbench.prompts"))
        if self._limit is None:
            return found
        chains = max(1, self._limit // (len(CATEGORIES) * len(LEVELS)))
        first = {
            category: sorted({item.chain for item in found if item.category == category})[:chains]
            for category in CATEGORIES
        }
        return [item for item in found if item.chain in first[item.category]]

    def requests(self, prompts: Sequence[Item], max_new_tokens: int) -> list[Request]:
        """One greedy request per item: the instruction of its level as the only turn."""
        return [Request(one.id, [{"role": "user", "content": one.instruction}], max_new_tokens) for one in prompts]

    def score(self, model: str, prompts: Sequence[Item], responses: Sequence[Response]) -> list[Scored]:
        """Verdicts by rule and by the judge, whose answers are kept, so that scoring again asks nothing twice."""
        check_order([item.id for item in prompts], responses)
        answers = {response.id: response for response in responses}
        to_judge = [item for item in prompts if not rules.has_rule(item) and _is_answer(answers[item.id])]
        judgements = dict(
            zip(
                [item.id for item in to_judge],
                self._judge(to_judge, [answers[item.id].text for item in to_judge]),
                strict=True,
            )
        )
        return [_score(model, item, answers[item.id], judgements.get(item.id)) for item in prompts]

    def summary(
        self, prompts: Sequence[Item], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> dict[str, Any]:
        """HSR, SSR and CSL of each model with their averages, judge failures apart, and paired differences."""
        result: dict[str, Any] = {"version": self.version, "prompts": len(prompts)}
        if self._config.judge is not None:
            result["judge"] = {"model": self._config.judge.model, "prompt": prompts_.VERSION}
        for name, lines in scored.items():
            result[name] = scores.of_model(name, lines, bootstrap) | lengths.summary(lines)
        result["differences"] = {
            f"{second}-{first}": scores.differences(scored[second], scored[first], f"{second}-{first}", bootstrap)
            for first, second in pairwise(scored)
        }
        return result

    def by_type(
        self, prompts: Sequence[Item], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[TypeRow]:
        """HSR of each category; n counts items with a verdict."""
        rows = []
        for category in CATEGORIES:
            for name, lines in scored.items():
                known = [line for line in lines if line.category == category and line.met is not None]
                found = scores.of_category(name, lines, category, bootstrap) if known else None
                if found is not None:
                    rows.append(TypeRow(name, category, found.mean, found.low, found.high, len(known)))
        return rows

    def by_count(
        self, prompts: Sequence[Item], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[CountRow]:
        """HSR of each level, mean over categories; n counts items with a verdict."""
        rows = []
        for level in LEVELS:
            for name, lines in scored.items():
                known = [line for line in lines if line.level == level and line.met is not None]
                found = scores.of_level(name, lines, level, bootstrap) if known else None
                if found is not None:
                    rows.append(CountRow(name, level, found.mean, found.low, found.high, len(known)))
        return rows

    def _judge(self, asked: Sequence[Item], answers: Sequence[str]) -> list[Judgement]:
        config = self._config.judge
        if config is None or not asked:
            return [_NO_JUDGE] * len(asked)
        engine = open_engine(config.engine, config.model, self._compute)
        if config.engine.name != "replay":
            identity = content.identity(config.engine, config.model)
            engine = cache.Cached(engine, identity, cache.default_place())
        with engine:
            return judge.judge(engine, asked, answers, config.max_new_tokens)


def _is_answer(response: Response) -> bool:
    return response.error is None and bool(response.text.strip())


def _score(model: str, item: Item, response: Response, judgement: Judgement | None) -> Scored:
    fixed: bool | None = None
    met: tuple[bool, ...] | None
    by: Literal["rule", "judge", "none"] = "rule" if rules.has_rule(item) else "none"
    said = ""
    if not _is_answer(response):
        met = (False,) * (1 if by == "rule" else item.level)
        fixed = False if by == "rule" else None
        reason = f"no response: {response.error}" if response.error else "the response is empty"
    elif (verdict := rules.decide(item, response.text)) is not None:
        repaired = rules.decide(item, response.text, fixed=True)
        met, reason, fixed = (verdict.satisfied,), verdict.reason, repaired is not None and repaired.satisfied
    else:
        judgement = judgement or _NO_JUDGE
        met, said = judgement.met, judgement.text
        by = "none" if judgement is _NO_JUDGE else "judge"
        missed = [str(level) for level, one in enumerate(met or (), 1) if not one]
        reason = judgement.failure or (f"misses constraint {', '.join(missed)}" if missed else "")
    return Scored(
        model=model,
        id=item.id,
        response=response.text,
        finished=response.finished,
        error=response.error,
        category=item.category,
        chain=item.chain,
        level=item.level,
        by=by,
        met=met,
        fixed=fixed,
        reason=reason,
        judgement=said,
        words=text.measures(response.text).word_count(),
    )

"""Our own benchmark: prompts with checkable constraints, drawn from records that training never sees.

Scores are strict, in IFEval's sense (arXiv 2311.07911): the response is checked as it stands. Prompt-level accuracy is
the share of prompts with every constraint met, instruction-level accuracy the share of constraints met. A response that
is empty, or that was never made, meets nothing. The chance row is what other good responses get on the same prompts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from crab import constraints as registry
from crab.core import io
from crab.core.errors import DataError, Problem
from crab.core.records import EvalPrompt, Verdict
from crab.engines.base import Request, Response
from crab.evaluation import guards, lengths
from crab.evaluation.benchmark import CountRow, TypeRow, check_order
from crab.evaluation.intervals import Bootstrap, smallest_detectable_difference

PROMPTS = Path("data/verified")


@dataclass(frozen=True, slots=True)
class Scored:
    """One model's response to one prompt, with every verdict and its reason."""

    model: str
    id: str
    """The prompt's."""
    response: str
    finished: bool
    error: str | None
    passed: bool
    """Whether every constraint is met."""
    types: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    """One per constraint of the prompt, in its order."""
    words: int
    grammatical: bool | None
    on_topic: bool | None

    @property
    def met(self) -> int:
        """Constraints met."""
        return sum(verdict.satisfied for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one row of a table rests on, one entry per prompt: means over responses where there are several."""

    passed: list[float]
    met: list[float]
    asked: list[float]


class Heldout:
    """The benchmark over the prompts that the verify stage laid down.

    There are two of it: `heldout` asks for constraints of the types that training states, `unseen` for those that it
    never states (section `unseen` of `params.yaml`).
    """

    version = 1
    source = "data/verified, drawn by the verify stage of this run"

    def __init__(self, split: Literal["dev", "heldout"], limit: int | None = None, unseen: bool = False) -> None:
        self.name = "unseen" if unseen else "heldout"
        self.split = split
        self._limit = limit

    def load(self) -> list[EvalPrompt]:
        """The split's prompts, as many as the config allows; of unseen types there may be none at all."""
        file = PROMPTS / f"{'prompts_unseen' if self.name == 'unseen' else 'prompts'}_{self.split}.jsonl"
        prompts = io.read(file, EvalPrompt)[: self._limit]
        if not prompts and self.name == "heldout":
            raise DataError(Problem(str(file), "holds no prompts", "give the seed stage more pairs"))
        return prompts

    def requests(self, prompts: Sequence[EvalPrompt], max_new_tokens: int) -> list[Request]:
        """Greedy requests for the prompts, in their order."""
        return [Request(prompt.id, prompt.prompt, max_new_tokens) for prompt in prompts]

    def score(self, model: str, prompts: Sequence[EvalPrompt], responses: Sequence[Response]) -> list[Scored]:
        """Check each response against its prompt's constraints."""
        check_order([prompt.id for prompt in prompts], responses)
        return [_score(model, prompt, response) for prompt, response in zip(prompts, responses, strict=True)]

    def summary(
        self, prompts: Sequence[EvalPrompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> dict[str, Any]:
        """Accuracies and guards of each model, and differences to the one before it."""
        tallies = {name: tally(lines) for name, lines in scored.items()}
        result: dict[str, Any] = {"version": self.version, "prompts": len(prompts), "split": self.split}
        if any(prompt.chance for prompt in prompts):
            result["chance"] = _accuracies("chance", chance(prompts), bootstrap)
        for name, lines in scored.items():
            result[name] = _accuracies(name, tallies[name], bootstrap) | _guards(lines)
        result["differences"] = {
            f"{second}-{first}": _differences(f"{second}-{first}", tallies[second], tallies[first], bootstrap)
            for first, second in pairwise(tallies)
        }
        return result

    def by_type(
        self, prompts: Sequence[EvalPrompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[TypeRow]:
        """Instruction-level accuracy per constraint type, a row per model and type, chance first."""
        rows: list[TypeRow] = []
        types = sorted({constraint.type for prompt in prompts for constraint in prompt.constraints})
        for type_ in types:
            for name, verdicts in _verdicts(prompts, scored).items():
                asked: list[float] = []
                met: list[float] = []
                for prompt, responses in zip(prompts, verdicts, strict=True):
                    places = [place for place, constraint in enumerate(prompt.constraints) if constraint.type == type_]
                    if places and responses:
                        asked.append(len(places))
                        met.append(_mean([sum(verdict[place] for place in places) for verdict in responses]))
                if asked:
                    found = bootstrap.ratio(f"{name}/{type_}", met, asked)
                    rows.append(TypeRow(name, type_, found.mean, found.low, found.high, int(sum(asked))))
        return rows

    def by_count(
        self, prompts: Sequence[EvalPrompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[CountRow]:
        """Prompt-level accuracy per number of constraints, a row per model and number, chance first."""
        rows: list[CountRow] = []
        for count in sorted({len(prompt.constraints) for prompt in prompts}):
            for name, verdicts in _verdicts(prompts, scored).items():
                passed = [
                    _mean([float(all(verdict)) for verdict in responses])
                    for prompt, responses in zip(prompts, verdicts, strict=True)
                    if len(prompt.constraints) == count and responses
                ]
                if passed:
                    found = bootstrap.mean(f"{name}/{count}", passed)
                    rows.append(CountRow(name, count, found.mean, found.low, found.high, found.n))
        return rows


def tally(scored: Sequence[Scored]) -> Tally:
    """Of one model."""
    return Tally(
        passed=[float(line.passed) for line in scored],
        met=[float(line.met) for line in scored],
        asked=[float(len(line.verdicts)) for line in scored],
    )


def chance(prompts: Sequence[EvalPrompt]) -> Tally:
    """Of other good responses: per prompt the mean over them. Prompts without any are left out."""
    known = [prompt for prompt in prompts if prompt.chance]
    return Tally(
        passed=[_mean([float(all(row)) for row in prompt.chance]) for prompt in known],
        met=[_mean([sum(row) for row in prompt.chance]) for prompt in known],
        asked=[float(len(prompt.constraints)) for prompt in known],
    )


def _score(model: str, prompt: EvalPrompt, response: Response) -> Scored:
    if response.error is not None:
        verdicts = [Verdict(False, f"no response: {response.error}")] * len(prompt.constraints)
    elif not response.text.strip():
        verdicts = [Verdict(False, "the response is empty")] * len(prompt.constraints)
    else:
        verdicts = registry.check_all(prompt.constraints, response.text)
    guarded = guards.measure(prompt, response.text)
    return Scored(
        model=model,
        id=prompt.id,
        response=response.text,
        finished=response.finished,
        error=response.error,
        passed=all(verdict.satisfied for verdict in verdicts),
        types=tuple(constraint.type for constraint in prompt.constraints),
        verdicts=tuple(verdicts),
        words=guarded.words,
        grammatical=guarded.grammatical,
        on_topic=guarded.on_topic,
    )


def _accuracies(name: str, row: Tally, bootstrap: Bootstrap) -> dict[str, Any]:
    return {
        "prompt_strict": asdict(bootstrap.mean(f"{name}/prompt_strict", row.passed)),
        "instruction_strict": asdict(bootstrap.ratio(f"{name}/instruction_strict", row.met, row.asked)),
    }


def _differences(name: str, first: Tally, second: Tally, bootstrap: Bootstrap) -> dict[str, Any]:
    ones = [1.0] * len(first.passed)
    mean_asked = _mean(first.asked)
    passed = [a - b for a, b in zip(first.passed, second.passed, strict=True)]
    met = [(a - b) / mean_asked for a, b in zip(first.met, second.met, strict=True)]
    return {
        "prompt_strict": asdict(bootstrap.difference(f"{name}/prompt_strict", first.passed, second.passed, ones))
        | {"detectable": smallest_detectable_difference(passed, bootstrap.confidence)},
        "instruction_strict": asdict(
            bootstrap.difference(f"{name}/instruction_strict", first.met, second.met, first.asked)
        )
        | {"detectable": smallest_detectable_difference(met, bootstrap.confidence)},
    }


def _guards(scored: Sequence[Scored]) -> dict[str, Any]:
    known = [line for line in scored if line.grammatical is not None]
    if not known:
        return {**lengths.summary(scored)}
    world = {
        "grammatical": lengths.share(known, lambda line: bool(line.grammatical)),
        "on_topic": lengths.share(known, lambda line: bool(line.on_topic)),
    }
    return lengths.summary(scored) | world


def _verdicts(
    prompts: Sequence[EvalPrompt], scored: Mapping[str, Sequence[Scored]]
) -> dict[str, list[tuple[tuple[bool, ...], ...]]]:
    """Row of a table -> per prompt the verdicts of its responses: several for chance, one for a model."""
    rows = {"chance": [prompt.chance for prompt in prompts]}
    for name, lines in scored.items():
        rows[name] = [(tuple(verdict.satisfied for verdict in line.verdicts),) for line in lines]
    return rows


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

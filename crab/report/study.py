"""A study as a document: every claim with its verdict, effect, interval, n and cost, from recorded results alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from crab.evaluation.intervals import Interval
from crab.report.studied import Answered, Finding, Setting, Studied
from crab.report.verdicts import LEVEL, Word

CLAIM = (
    "claim", "the paper", "first − second", "points [95 % interval]", "n", "p", "cost, first / second", "verdict",
)  # fmt: skip
"""Columns of a question's table."""
STAGES = ("seed", "backtranslate", "verify", "base", "sft", "dpo", "eval")


def markdown(studied: Studied, figures: Mapping[str, str]) -> str:
    """The whole document.

    Args:
        studied: What it says.
        figures: Where each picture lies, seen from the document, by its title.
    """
    parts = [*_opening(studied), *_pictures(figures)]
    for answered in studied.answers:
        parts += _answer(studied, answered)
    parts += [*_arms(studied), *_costs(studied), *_not_run(studied), *_reading(studied), *_made(studied)]
    return "\n".join(parts).rstrip("\n") + "\n"


def _opening(studied: Studied) -> Iterator[str]:
    yield "# The study"
    yield ""
    yield f"<!-- Written by `python -m crab study report {studied.name}` from recorded runs; edits are lost. -->"
    yield f"**{studied.question}** Size `{studied.name}` (`conf/study/{studied.name}.yaml`): {_several_runs(studied)}."
    yield ""
    words = [finding.verdict.word for finding in studied.findings if finding.verdict]
    counts = ", ".join(f"{word}: {words.count(word)}" for word in get_args(Word))
    yield f"Verdicts on {_several(len(words), 'claim')} with runs: {counts}."
    if len(studied.seeds) == 1:
        yield (
            "There is one seed: intervals are over its prompts and speak of these very models. "
            "Another seed makes others, so every verdict is open."
        )
    yield ""


def _pictures(figures: Mapping[str, str]) -> Iterator[str]:
    for title, path in figures.items():
        yield f"![{title}]({path})"
        yield ""


def _answer(studied: Studied, answered: Answered) -> Iterator[str]:
    yield f"## {answered.title}"
    yield ""
    yield answered.asks
    yield ""
    found = [finding for finding in answered.findings if finding.effect is not None]
    if found:
        yield from _table(CLAIM, [_row(studied, finding) for finding in found])
    else:
        yield "None of its claims has runs here: see “Not run”."
        yield ""


def _row(studied: Studied, finding: Finding) -> list[str]:
    effect, verdict = finding.effect, finding.verdict
    assert effect is not None
    assert verdict is not None
    of = f"`{finding.first}` − `{finding.second}`" + (f", {finding.on}" if finding.on != "heldout" else "")
    return [
        finding.says,
        finding.paper or "–",
        of + (", each constraint" if finding.measure == "instruction" else ""),
        _points(effect),
        f"{_several(finding.seeds, 'seed')}, {_several(finding.prompts, 'prompt')}",
        "–" if finding.p is None else f"{finding.p:.3f}",
        _cost(studied, finding),
        f"**{verdict.word}**: {verdict.why}",
    ]


def _cost(studied: Studied, finding: Finding) -> str:
    """Tokens and seconds of the stages in which the two differ."""
    sides = [side.partition("/") for side in (finding.first, finding.second)]
    told = []
    for arm, _, model in sides:
        setting = studied.setting(arm)
        told.append(_side_cost(setting, model) if setting else "–")
    return " / ".join(told)


def _side_cost(setting: Setting, model: str) -> str:
    if model == "base":
        return "none"
    tokens, seconds = setting.values("sft/read_tokens"), setting.seconds(model)
    parts = [f"{sum(tokens) / len(tokens) / 1e6:.2f}M tokens"] if tokens and model == "sft" else []
    parts += [f"{seconds:.0f} s"] if seconds is not None else []
    return ", ".join(parts) or "–"


def _arms(studied: Studied) -> Iterator[str]:
    yield "## Arms"
    yield ""
    several = len(studied.seeds) > 1
    yield (
        "Percent of prompts with all constraints met, with 95 % intervals over "
        + ("seeds; sd: standard deviation over them." if several else "the prompts of the one seed.")
    )
    yield ""
    heads = ["arm", "SFT", *(["sd"] if several else []), "SFT, unseen types", "after preferences", "SFT tokens",
             "SFT s", "preferences s", "runs"]  # fmt: skip
    rows = []
    first = next((setting for setting in studied.settings if setting.runs), None)
    for model in ("chance", "base"):
        if first and (found := first.estimate(f"heldout/{model}/prompt_strict")):
            unseen = first.estimate(f"unseen/{model}/prompt_strict")
            rows.append([model, _share(found), *(["–"] if several else []), _share(unseen), *["–"] * 5])
    for setting in studied.settings:
        if setting.runs:
            rows.append(_arm(setting, several))
    yield from _table(heads, rows)
    yield "What each arm changes:"
    yield ""
    for setting in studied.settings:
        yield f"- `{setting.name}`: {setting.about}" + (
            f" `{' '.join(setting.overrides)}`" if setting.overrides else ""
        )
    yield ""


def _arm(setting: Setting, several: bool) -> list[str]:
    shares, tokens = setting.values("heldout/sft/prompt_strict"), setting.values("sft/read_tokens")
    preferences = setting.trains == "dpo"
    return [
        f"`{setting.name}`",
        _share(setting.estimate("heldout/sft/prompt_strict")),
        *([f"{100 * _deviation(shares):.1f}" if len(shares) > 1 else "–"] if several else []),
        _share(setting.estimate("unseen/sft/prompt_strict")),
        _share(setting.estimate("heldout/dpo/prompt_strict")) if preferences else "–",
        f"{sum(tokens) / len(tokens) / 1e6:.2f}M" if tokens else "–",
        _seconds(setting.seconds("sft")),
        _seconds(setting.seconds("dpo")) if preferences else "–",
        str(len(setting.runs)),
    ]


def _costs(studied: Studied) -> Iterator[str]:
    known: dict[str, list[float]] = {}
    for run in studied.runs:
        for stage, seconds in run.seconds.items():
            known.setdefault(stage, []).append(seconds)
    yield "## Cost"
    yield ""
    if not known:
        yield "This machine's journal does not know the runs: no seconds."
    else:
        stages = sorted(known, key=lambda stage: (STAGES.index(stage) if stage in STAGES else len(STAGES), stage))
        told = [f"{stage} {sum(known[stage]) / len(known[stage]):.0f}" for stage in stages]
        yield f"Seconds of each stage, on average over runs, as the runs shared the machine: {', '.join(told)}."
        yield "Runs that share a stage's inputs share its outputs: it was executed once for all of them."
    yield ""


def _not_run(studied: Studied) -> Iterator[str]:
    listed = [(one.says, one.paper, one.why) for answered in studied.answers for one in answered.not_run]
    listed += [(one.says, one.paper, one.missing) for one in studied.findings if one.effect is None]
    yield "## Not run"
    yield ""
    for says, paper, why in listed:
        yield f"- {says}{f' (paper: {paper})' if paper else ''}: {why}"
    for name in studied.missing:
        yield f"- The run `{name}` is not here."
    if studied.left_out:
        arms = ", ".join(f"`{arm}`" for arm in studied.left_out)
        yield f"- Arms that this size leaves out: {arms}."
    yield "- IFEval and FollowBench, which the paper measures on: these models know the built-in world only."
    yield ""


def _reading(studied: Studied) -> Iterator[str]:
    yield "## How to read it"
    yield ""
    yield (
        "- A difference is that of two arms on the same prompts of the same seeds. Its interval is Student's over the "
        "seeds' differences, and a bootstrap over prompts where there is one seed."
    )
    yield (
        "- p is adjusted for the claims of one question (Holm). **Holds**: the interval lies on the claimed side of 0, "
        f"and p is at most {LEVEL:g}. **Does not hold**: it lies on the other side, with such a p, or within "
        f"{100 * studied.margin:g} points of 0. **Undecided**: everything else, and everything with one seed."
    )
    yield "- Seeds change the world, the split, the base model and the training, but for arms that say otherwise."
    yield "- All of it is at toy size: half a million parameters, a generated world. It says nothing about 7B."
    yield ""


def _made(studied: Studied) -> Iterator[str]:
    yield "## How it was made"
    yield ""
    yield "```bash"
    yield f"python -m crab study run {studied.name} -j 2      # only what has not run with these values and this code"
    yield f"python -m crab study report {studied.name}"
    yield "```"
    yield ""
    for commit in dict.fromkeys(run.commit for run in studied.runs):
        yield f"- {_several(sum(run.commit == commit for run in studied.runs), 'run')} on commit `{commit[:12]}`"
    if studied.every:
        yield f"- Every run: `{' '.join(studied.every)}`"
    yield (
        f"- Each run is an experiment of DVC (`dvc exp show`) and a row in MLflow with the family "
        f"`study_{studied.name}`; arms: `conf/study/shared/arms.yaml`, claims: `conf/study/shared/claims.yaml`."
    )
    yield ""


def _several_runs(studied: Studied) -> str:
    arms = sum(bool(setting.runs) for setting in studied.settings)
    return f"{_several(len(studied.runs), 'run')} of {_several(arms, 'arm')}, {_several(len(studied.seeds), 'seed')}"


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _points(effect: Interval) -> str:
    return f"{100 * effect.mean:+.1f}" + _ends(effect, "+")


def _share(found: Interval | None) -> str:
    return "–" if found is None else f"{100 * found.mean:.1f}" + _ends(found, "")


def _ends(found: Interval, sign: str) -> str:
    if found.low is None or found.high is None:
        return ""
    return f" [{100 * found.low:{sign}.1f}, {100 * found.high:{sign}.1f}]"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.0f}"


def _deviation(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""

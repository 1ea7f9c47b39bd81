"""`crab eval`: score a file of responses again, and evaluate models without training them."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from ruamel.yaml import YAML

from crab.config.candidate import CandidateConfig
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig
from crab.config.evaluation import EvalConfig
from crab.config.section import load
from crab.config.track import TrackConfig
from crab.core import gpus, io, paths
from crab.core.errors import CrabError, DataError, Problem

app = typer.Typer(no_args_is_help=True, help="Score responses again, and evaluate models without training them.")

BENCHMARKS: tuple[str, ...] = get_args(get_args(EvalConfig.model_fields["benchmarks"].annotation)[0])
OWN_SECTIONS = [name for name in BENCHMARKS if name in EvalConfig.model_fields]
"""Benchmarks with values of their own, `conf/eval/<name>.yaml`; those that are not asked for are taken out."""

Settings = Annotated[
    list[str] | None, typer.Option("--set", "-S", help="Any value of conf/, e.g. eval.ifeval.nltk_data=nltk_data.")
]
Data = Annotated[Path | None, typer.Option(help="The benchmark's prompts; otherwise those that conf/eval names.")]


@app.command()
def score(
    benchmark: Annotated[str, typer.Option(help="Its name in eval.benchmarks, e.g. ifeval.")],
    responses: Annotated[Path, typer.Option(help="JSON lines with id, key or prompt, and response.")],
    data: Data = None,
    out: Annotated[Path | None, typer.Option(help="Folder for metrics.json, records and tables.")] = None,
    model: Annotated[str | None, typer.Option(help="Whose responses they are; otherwise the file's name.")] = None,
    settings: Settings = None,
) -> None:
    """Score any file of responses; one that is missing counts as failed, and is counted apart.

    Example: `python -m crab eval score --benchmark ifeval --responses answers.jsonl`
    """
    from crab.cli import responses as reading
    from crab.evaluation import outcome

    responses, out = responses.absolute(), out.absolute() if out else None
    config, _, compute, _ = _compose([benchmark], data, settings or [])
    chosen, prompts = _open(benchmark, config, compute)
    requests = chosen.requests(prompts, config.max_new_tokens)
    given = reading.read(responses, requests, model or responses.stem)
    _tell(given.problems)
    scored = {name: chosen.score(name, prompts, answers) for name, answers in given.responses.items()}
    found = outcome.Outcome(chosen, prompts, scored)
    _show({benchmark: chosen.summary(prompts, scored, _bootstrap(config))})
    if out is not None:
        outcome.write(out, [found], _bootstrap(config))
        print(f"written to {out}")


@app.command()
def run(
    models: Annotated[list[str], typer.Argument(help="Files of conf/candidate, folders, hub ids, or served names.")],
    benchmark: Annotated[list[str] | None, typer.Option("--benchmark", "-b", help="One or several.")] = None,
    data: Data = None,
    limit: Annotated[int | None, typer.Option(min=2, help="The first prompts only, for a trial.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
    settings: Settings = None,
) -> None:
    """Let models answer the prompts of benchmarks, score the answers, and add a row a model to MLflow.

    Answers are kept: the same command again asks for nothing twice. `-S engine=vllm` runs models with vLLM.

    Example: `python -m crab eval run models/sft -b heldout --limit 50`
    """
    from crab.cli import candidates
    from crab.evaluation import outcome

    out = out.absolute() if out else None
    named = [str(Path(model).absolute()) if Path(model).is_dir() else model for model in models]
    chosen = [f"eval.limit={limit}"] if limit else []
    config, engine, compute, track = _compose(benchmark or ["heldout"], data, [*chosen, *(settings or [])])
    root = paths.main_checkout()
    found = [candidates.find(root, name, engine) for name in named]
    if twice := sorted({one.name for one in found if [other.name for other in found].count(one.name) > 1}):
        raise CrabError([Problem(name, "is named twice") for name in twice])
    gpus.claim(compute.device, max(config.gpus, *((one.engine or engine).gpus for one in found)))
    benchmarks = [_open(name, config, compute) for name in config.benchmarks]
    out = out or paths.work_root() / "evaluations" / "-".join(one.name for one in found)[:100]
    scored: dict[str, dict[str, Any]] = {name: {} for name in config.benchmarks}
    for candidate in found:
        for name, lines in _answers(candidate, benchmarks, config, engine, compute).items():
            scored[name][candidate.name] = lines
    outcomes = [outcome.Outcome(one, prompts, scored[one.name]) for one, prompts in benchmarks]
    metrics = outcome.write(out, outcomes, _bootstrap(config))
    io.write_json(out / "candidates.json", [_described(root, candidate, engine) for candidate in found])
    for candidate in found if track.name == "mlflow" else ():
        _record(candidate, _described(root, candidate, engine), config, metrics)
    _show(metrics)
    print(f"written to {out}")


@app.command("list")
def show_candidates() -> None:
    """Show the models that have a file in conf/candidate.

    Example: `python -m crab eval list`
    """
    from crab.cli import candidates

    root = paths.main_checkout()
    engine = EngineConfig.model_validate({"name": "replay", "replay": {"file": "", "strict": True}})
    for name in candidates.names(root):
        candidate = candidates.find(root, name, engine)
        print(f"{name:20} {candidate.model}" + (f" ({candidate.access})" if candidate.access else ""))


def _compose(
    benchmarks: Sequence[str], data: Path | None, settings: Sequence[str]
) -> tuple[EvalConfig, EngineConfig, ComputeConfig, TrackConfig]:
    """Sections of `params.yaml` as conf/ makes them for these benchmarks; also goes to the project's root."""
    from crab.cli import compose

    if unknown := sorted(set(benchmarks) - set(BENCHMARKS)):
        raise CrabError(Problem("--benchmark", f"unknown: {', '.join(unknown)}", f"there are: {', '.join(BENCHMARKS)}"))
    overrides = ["eval=all", f"eval.benchmarks=[{','.join(benchmarks)}]"]
    overrides += [f"~eval.{name}" for name in OWN_SECTIONS if name not in benchmarks]
    if data is not None:
        with_files = [name for name in benchmarks if name in ("ifeval", "ifbench", "followbench")]
        if len(with_files) != 1:
            raise CrabError(Problem("--data", "needs one benchmark with published prompts", "use -S for several"))
        overrides.append(f"eval.{with_files[0]}.prompts.path={_quoted(str(data.absolute()))}")
    root = paths.main_checkout()
    os.chdir(root)
    params = YAML(typ="safe").load(compose.composed(root, [*overrides, *settings]))
    return (
        load("eval", EvalConfig, params),
        load("engine", EngineConfig, params),
        load("compute", ComputeConfig, params),
        load("track", TrackConfig, params),
    )


def _quoted(text: str) -> str:
    """As Hydra's overrides write a text with any signs in it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _open(name: str, config: EvalConfig, compute: ComputeConfig) -> tuple[Any, list[Any]]:
    from crab.evaluation.registry import open_benchmark

    benchmark = open_benchmark(name, config, compute)
    prompts = benchmark.load()
    if not prompts:
        raise DataError(Problem(name, "has no prompts", "run `dvc repro`, or name their file"))
    return benchmark, prompts


def _answers(
    candidate: CandidateConfig,
    benchmarks: Sequence[tuple[Any, list[Any]]],
    config: EvalConfig,
    engine: EngineConfig,
    compute: ComputeConfig,
) -> dict[str, Any]:
    """Scored answers of one model, by benchmark."""
    from crab.cli import candidates
    from crab.engines import cache, content
    from crab.engines.base import open_engine

    engine = candidate.engine or engine
    text = candidates.template(paths.main_checkout(), candidate)
    place = candidates.place(paths.work_root() / "candidates", candidate, engine, text)
    identity = content.identity(engine, place) | ({} if text is None else {"chat template": text})
    scored = {}
    with cache.Cached(open_engine(engine, place, compute), identity, cache.default_place()) as writer:
        for benchmark, prompts in benchmarks:
            requests = benchmark.requests(prompts, candidate.max_new_tokens or config.max_new_tokens)
            print(f"{candidate.name}: {len(requests)} prompts of {benchmark.name}", file=sys.stderr, flush=True)
            responses = writer.generate(candidates.dressed(candidate, requests))
            scored[benchmark.name] = benchmark.score(candidate.name, prompts, responses)
    return scored


def _described(root: Path, candidate: CandidateConfig, engine: EngineConfig) -> dict[str, Any]:
    """What the model was, and what it was shown."""
    from crab.cli import candidates

    described = candidate.model_dump(exclude={"engine"})
    return described | {"template": candidates.template(root, candidate), "engine": (candidate.engine or engine).name}


def _record(candidate: CandidateConfig, described: Any, config: EvalConfig, metrics: dict[str, Any]) -> None:
    """The model's own row in MLflow; its numbers have the same names as every other candidate's."""
    from crab.tracking import identity, journal, process, record, rows

    process.prepare()
    params = rows.parameters({"candidate": described, "eval": config.model_dump(), "name": candidate.name})
    text = "\n".join(f"{name}: {value}" for name, value in sorted(params.items()))
    experiment = identity.current({"name": candidate.name, "track": {"family": journal.CANDIDATES}})
    code = experiment.key.partition("/")[0]
    key = f"{code}/{candidate.name}/{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    now = journal.begin(record.BOOKKEEPING, experiment, {}).started
    own = {name: {"candidate": found[candidate.name]} for name, found in metrics.items() if candidate.name in found}
    row = journal.Row(
        key=key,
        name=candidate.name,
        family=journal.CANDIDATES,
        commit=experiment.commit,
        dirty=experiment.dirty,
        status="finished",
        started=now,
        ended=now,
        params=params,
        metrics=rows.metrics("", own) | _published(candidate),
        files={"candidate.txt": text},
    )
    record.write(row)


def _published(candidate: CandidateConfig) -> dict[str, float]:
    """What the published table says of the model, as shares, beside what was measured."""
    from crab.report import published

    return {
        f"published/{benchmark}/{metric}": percent / 100
        for row in published.load().rows
        if row.model == candidate.published
        for benchmark, numbers in (("ifeval", row.ifeval), ("followbench", row.followbench))
        for metric, percent in numbers.items()
    }


def _bootstrap(config: EvalConfig) -> Any:
    from crab.evaluation.intervals import Bootstrap

    return Bootstrap(config.random_seed, config.bootstrap_samples, config.confidence)


def _show(metrics: dict[str, Any]) -> None:
    from crab.report import table

    table.print_benchmarks(metrics, table.wide_console())


def _tell(problems: Sequence[Problem]) -> None:
    """What was wrong with a file of responses: the first lines, and how many there are."""
    for problem in problems[:20]:
        print(f"crab: {problem}", file=sys.stderr)
    if len(problems) > 20:
        print(f"crab: ... and {len(problems) - 20} more", file=sys.stderr)

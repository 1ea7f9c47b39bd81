"""Let the base, sft and dpo models answer the prompts of each benchmark, and score the answers.

Reads  data/verified/prompts{,_unseen}_{dev,heldout}.jsonl, models/{base,sft,dpo}, params.yaml [eval, compute]
       results/{seed,backtranslate,verify,sft,dpo}.json
Writes results/metrics.json, results/summary.json, results/counts.json, results/records/<benchmark>.jsonl,
       results/by_type.csv, results/by_count.csv
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from crab import tracking
from crab.config import section
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig
from crab.config.evaluation import EvalConfig
from crab.core import gpus, io, work
from crab.engines.base import Response, open_engine
from crab.evaluation import likelihood, outcome
from crab.evaluation.headline import STAGES, counts, headline
from crab.evaluation.heldout import Heldout
from crab.evaluation.intervals import Bootstrap
from crab.evaluation.likelihood import Likelihood
from crab.evaluation.outcome import Outcome
from crab.evaluation.registry import open_benchmark

MODELS = Path("models")
RESULTS = Path("results")


def main() -> None:
    with tracking.start("eval") as run:
        config = section.load("eval", EvalConfig)
        compute = section.load("compute", ComputeConfig)
        engine = section.load("engine", EngineConfig)
        gpus.claim(compute.device, max(engine.gpus, config.gpus))
        benchmarks = [open_benchmark(name, config, compute) for name in config.benchmarks]
        prompts = {benchmark.name: benchmark.load() for benchmark in benchmarks}
        for benchmark in [one for one in benchmarks if not prompts[one.name]]:
            print(f"crab: {benchmark.name}: no prompts, left out", file=sys.stderr)
            benchmarks.remove(benchmark)
        scored: dict[str, dict[str, list[Any]]] = {benchmark.name: {} for benchmark in benchmarks}
        with work.folder("eval") as place:
            for model in config.models:
                with open_engine(engine, MODELS / model, compute) as writer:
                    for benchmark in benchmarks:
                        asked = prompts[benchmark.name]
                        requests = benchmark.requests(asked, config.max_new_tokens)
                        name = f"{benchmark.name}-{model}"
                        responses = list(work.sharded(place, name, requests, writer.generate, Response, shard_size=200))
                        scored[benchmark.name][model] = benchmark.score(model, asked, responses)
        bootstrap = Bootstrap(config.random_seed, config.bootstrap_samples, config.confidence)
        outcomes = [Outcome(benchmark, prompts[benchmark.name], scored[benchmark.name]) for benchmark in benchmarks]
        metrics = outcome.write(RESULTS, outcomes, bootstrap, _guard(config, compute, bootstrap))
        io.write_json(RESULTS / "summary.json", headline(metrics, config.models))
        io.write_json(RESULTS / "counts.json", counts({s: io.read_json(RESULTS / f"{s}.json") for s in STAGES}))
        run.log(metrics)


def _guard(config: EvalConfig, compute: ComputeConfig, bootstrap: Bootstrap) -> dict[str, Any]:
    """How likely each model finds plain held-out answers, where that is asked for."""
    if config.likelihood_prompts is None:
        return {}
    answers = Heldout(config.split, config.likelihood_prompts).load()
    found: dict[str, list[Likelihood]] = {
        model: likelihood.measure(MODELS / model, answers, compute) for model in config.models
    }
    return {"likelihood": likelihood.summary(found, bootstrap)}


if __name__ == "__main__":
    main()

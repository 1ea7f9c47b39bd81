"""Let the base, sft and dpo models answer the held-out prompts, and score the answers.

Reads  data/verified/prompts_{dev,heldout}.jsonl, models/{base,sft,dpo}, params.yaml [eval, compute]
Writes results/metrics.json, results/heldout.jsonl, results/heldout_by_type.json, results/heldout_by_count.json
"""

from __future__ import annotations

from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.compute import ComputeConfig
from crab.config.engine import EngineConfig
from crab.config.evaluation import EvalConfig
from crab.core import io, work
from crab.core.errors import DataError, Problem
from crab.core.records import EvalPrompt
from crab.engines.base import Response, open_engine
from crab.evaluation import heldout
from crab.evaluation.intervals import Bootstrap

PROMPTS = Path("data/verified")
MODELS = Path("models")
RESULTS = Path("results")


def main() -> None:
    with tracking.start("eval") as run:
        config = section.load("eval", EvalConfig)
        compute = section.load("compute", ComputeConfig)
        engine = section.load("engine", EngineConfig)
        file = PROMPTS / f"prompts_{config.split}.jsonl"
        prompts = io.read(file, EvalPrompt)[: config.limit]
        if not prompts:
            raise DataError(Problem(str(file), "holds no prompts", "give the seed stage more pairs"))
        requests = heldout.requests(prompts, config.max_new_tokens)
        scored: dict[str, list[heldout.Scored]] = {}
        with work.folder("eval") as place:
            for model in config.models:
                with open_engine(engine, MODELS / model, compute) as writer:
                    name = f"heldout-{model}"
                    responses = list(work.sharded(place, name, requests, writer.generate, Response, shard_size=200))
                scored[model] = heldout.score(model, prompts, responses)
        bootstrap = Bootstrap(config.random_seed, config.bootstrap_samples, config.confidence)
        metrics = {"heldout": {"split": config.split} | heldout.summary(prompts, scored, bootstrap)}
        io.write(RESULTS / "heldout.jsonl", (line for lines in scored.values() for line in lines))
        io.write_json(RESULTS / "heldout_by_type.json", heldout.by_type(prompts, scored, bootstrap))
        io.write_json(RESULTS / "heldout_by_count.json", heldout.by_count(prompts, scored, bootstrap))
        io.write_json(RESULTS / "metrics.json", metrics)
        run.log(metrics)


if __name__ == "__main__":
    main()

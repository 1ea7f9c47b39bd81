"""Check, judge, weigh and prune the constraints; lay down the held-out prompts.

Reads  data/backtranslated/{train,dev,heldout}.jsonl, results/backtranslate.json,
       params.yaml [verify, judge, heldout, unseen, compute]
Writes data/verified/{train,dev,heldout,rejected}.jsonl, data/verified/prompts{,_unseen}_{dev,heldout}.jsonl,
       results/verify.json
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.compute import ComputeConfig
from crab.config.heldout import HeldoutConfig
from crab.config.judge import JudgeConfig
from crab.config.launch import LaunchConfig
from crab.config.unseen import UnseenConfig
from crab.config.verify import VerifyConfig
from crab.core import gpus, io, work
from crab.core.records import Example
from crab.data import families
from crab.synthesis import audit, heldout
from crab.synthesis.counts import Tally
from crab.synthesis.decided import Decided
from crab.synthesis.information import Information
from crab.synthesis.judging import open_judge
from crab.synthesis.stated import Stated
from crab.synthesis.verify import Verified, verify_all

SPLITS = ("train", "dev", "heldout")
INPUT = Path("data/backtranslated")
PROPOSED = Path("results/backtranslate.json")
OUTPUT = Path("data/verified")


def main() -> None:
    with tracking.start("verify") as run:
        config = section.load("verify", VerifyConfig)
        judges = section.load("judge", JudgeConfig)
        prompts = section.load("heldout", HeldoutConfig)
        unseen = section.load("unseen", UnseenConfig)
        compute = section.load("compute", ComputeConfig)
        launch = section.load("launch", LaunchConfig)
        if judges.service is not None:
            gpus.claim(compute.device, judges.service.engine.gpus)
        tally, decided, stated = Tally(SPLITS), Decided(), Stated()
        with (
            work.folder("verify") as place,
            open_judge(judges, compute) as judge,
            io.writing(OUTPUT / "rejected.jsonl") as reject,
        ):
            # A judge is asked from this process, which knows its cache and its budget; checkers run on every core.
            workers = work.processes(launch.workers) if judge is None else 1
            cluster = launch.cluster if judge is None else None
            for split in SPLITS:
                examples = io.Stored(INPUT / f"{split}.jsonl", Example)
                # Each split is weighed against its own responses: nothing about held-out data reaches training.
                information = Information(examples, config)
                check = partial(verify_all, information=information, config=config, judge=judge)
                with io.writing(OUTPUT / f"{split}.jsonl") as keep:
                    for verified in work.sharded(place, split, examples, check, Verified, 500, workers, cluster):
                        if judge is not None:
                            judge.asker.budget.settle(verified.calls)
                        decided.add(verified)
                        stated.add(verified.example, verified.rejected)
                        for line in verified.rejected:
                            reject(line)
                            tally.reject(line)
                        if verified.example.constraints:
                            keep(verified.example)
                            tally.keep(split, verified.example)
            trained_on = [] if judge is None else io.read(OUTPUT / "train.jsonl", Example)
            audited = audit.run(trained_on, judge, place, config.random_seed)
        for split in ("dev", "heldout"):
            verified_split = io.read(OUTPUT / f"{split}.jsonl", Example)
            for name, part, number in (
                ("prompts", families.seen(verified_split, unseen), prompts.prompts),
                ("prompts_unseen", families.held_out(verified_split, unseen), prompts.unseen_prompts),
            ):
                io.write(OUTPUT / f"{name}_{split}.jsonl", heldout.prompts(part, prompts, number))
        metrics = tally.metrics() | stated.summary()
        decided.ledger.add(call for one in audited for call in one.calls)
        prices = None if judges.llm is None else judges.llm.prices
        if taught := io.read_json(PROPOSED).get("teacher"):
            metrics["teacher"] = decided.summary(prices, taught["cost_by_category"])
        if judge is not None:
            metrics["judge"] = {"audit": audit.summary(audited), "cost": decided.ledger.by_purpose(prices)}
            run.log({"asking": judge.asker.spent})
        io.write_json(Path("results/verify.json"), metrics)
        run.log(metrics)


if __name__ == "__main__":
    main()

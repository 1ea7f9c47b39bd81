"""Check, weigh and prune the constraints; lay down the held-out prompts.

Reads  data/backtranslated/{train,dev,heldout}.jsonl, params.yaml [verify, heldout]
Writes data/verified/{train,dev,heldout,rejected}.jsonl, data/verified/prompts_{dev,heldout}.jsonl, results/verify.json
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crab import tracking
from crab.config import section
from crab.config.heldout import HeldoutConfig
from crab.config.verify import VerifyConfig
from crab.core import io, work
from crab.core.records import Example, Rejected
from crab.synthesis import counts, heldout
from crab.synthesis.information import Information
from crab.synthesis.verify import Verified, verify

SPLITS = ("train", "dev", "heldout")
INPUT = Path("data/backtranslated")
OUTPUT = Path("data/verified")


def main() -> None:
    with tracking.start("verify") as run:
        config = section.load("verify", VerifyConfig)
        prompts = section.load("heldout", HeldoutConfig)
        rejected: list[Rejected] = []
        kept: dict[str, list[Example]] = {}
        with work.folder("verify") as place:
            for split in SPLITS:
                examples = io.read(INPUT / f"{split}.jsonl", Example)
                # Each split is weighed against its own responses: nothing about held-out data reaches training.
                information = Information(examples, config)

                def check(shard: Sequence[Example], information: Information = information) -> list[Verified]:
                    return [verify(example, information, config) for example in shard]

                verified = list(work.sharded(place, split, examples, check, Verified, shard_size=500))
                rejected += [line for result in verified for line in result.rejected]
                kept[split] = [result.example for result in verified if result.example.constraints]
                io.write(OUTPUT / f"{split}.jsonl", kept[split])
            io.write(OUTPUT / "rejected.jsonl", rejected)
        for split in ("dev", "heldout"):
            io.write(OUTPUT / f"prompts_{split}.jsonl", heldout.prompts(kept[split], prompts))
        metrics = counts.of_examples(kept, rejected)
        io.write_json(Path("results/verify.json"), metrics)
        run.log(metrics)


if __name__ == "__main__":
    main()

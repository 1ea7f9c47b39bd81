"""How fast IFEval's verdicts are made, beside lm-eval's, on the same responses: process start and imports included.

    python -m benchmarks.ifeval_scoring

Both score every instruction of the file strictly and loosely in a process of their own, in turns; the best of each
counts, as whatever else the machine does only adds. Ours makes the official verdicts.
Both draw languages with langdetect, seeded. Fails where a verdict differs that neither draws at random.

Data: `../shared/data` beside the checkout, or `CRAB_SHARED_DATA`; lm-eval and NLTK are not among the project's own
dependencies: `pip install lm-eval langdetect immutabledict nltk`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SHARED = Path(os.environ.get("CRAB_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
FILE = "ifeval/gpt4_verdicts_half.jsonl"
ROUNDS = 3
ASKED_RATIO = 5.0
RANDOM = {(1129, 0)}
"""Key and place of instructions on which the official code draws a letter."""


def main() -> None:
    """Score in turns, compare verdicts, print seconds."""
    if len(sys.argv) > 1:
        {"ours": ours, "lm-eval": lm_eval}[sys.argv[1]]()
        return
    seconds: dict[str, list[float]] = {"lm-eval": [], "ours": []}
    verdicts: dict[str, Any] = {}
    for _ in range(ROUNDS):
        for name, taken in seconds.items():
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.ifeval_scoring", name],
                env={**os.environ, "NLTK_DATA": str(SHARED / "nltk_data")},
                stdout=subprocess.PIPE,
                check=True,
            )
            taken.append(time.perf_counter() - started)
            verdicts[name] = json.loads(done.stdout.splitlines()[-1])
    pairs = list(zip(verdicts["lm-eval"], verdicts["ours"], strict=True))
    different = [theirs for theirs, own in pairs if theirs != own and (theirs[0], theirs[1]) not in RANDOM]
    best = {name: min(taken) for name, taken in seconds.items()}
    ratio = best["lm-eval"] / best["ours"]
    print(f"{len(pairs)} instructions, strict and loose; {len(different)} verdicts differ (random ones left out)")
    for name, taken in seconds.items():
        print(f"{name:8} {best[name]:6.2f} s (of {', '.join(f'{one:.2f}' for one in taken)})")
    print(f"ours is {ratio:.1f} times as fast; asked: {ASKED_RATIO:.0f}")
    if different or ratio < ASKED_RATIO:
        raise SystemExit(1)


def ours() -> None:
    """Official verdicts of this project."""
    from crab.evaluation.decisions import decide
    from crab.evaluation.ifeval.rules import Rules
    from crab.evaluation.punkt import read_tables

    rules = Rules(read_tables(SHARED / "nltk_data/tokenizers/punkt_tab/english"))
    found = []
    for row in _rows():
        for place, (type_, kwargs) in enumerate(zip(row["instruction_id_list"], row["kwargs"], strict=True)):
            verdict = decide(rules(type_, kwargs)[0], row["response"])
            found.append([row["key"], place, verdict.strict, verdict.loose])
    print(json.dumps(found))


def lm_eval() -> None:
    """Verdicts of lm-eval's task."""
    import random

    import langdetect
    from lm_eval.tasks.ifeval import utils

    random.seed(0)
    langdetect.DetectorFactory.seed = 0
    found = []
    for row in _rows():
        scores = utils.process_results(row, [row["response"]])
        levels = zip(scores["inst_level_strict_acc"], scores["inst_level_loose_acc"], strict=True)
        found += [[row["key"], place, strict, loose] for place, (strict, loose) in enumerate(levels)]
    print(json.dumps(found))


def _rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SHARED / FILE).read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()

"""The same responses give the same bytes: in another process, order, locale, time zone and hash seed, and offline."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import hashlib, json, socket, sys
from pathlib import Path

def refuse(*_, **__):
    raise OSError("no network in this test")

socket.socket.connect = refuse
from crab.config.benchmarks import FollowBenchConfig, IFBenchConfig, PromptsConfig
from crab.config.compute import ComputeConfig
from crab.core import io
from crab.engines.base import Response
from crab.evaluation.followbench.benchmark import FollowBench
from crab.evaluation.ifbench.benchmark import IFBench
from crab.evaluation.intervals import Bootstrap

shared, backwards = Path(sys.argv[1]), sys.argv[2] == "backwards"

def source(name):
    return PromptsConfig(path=str(shared / name), digest="", dataset=None, get="")

samples = [json.loads(line) for line in open(shared / "ifbench/sample_verdicts_half.jsonl", encoding="utf-8")]
texts = {sample["prompt"]: sample["response"] for sample in samples}
tables = str(shared / "nltk_data")
ifbench = IFBench(IFBenchConfig(prompts=source("ifbench/IFBench_test.jsonl"), nltk_data=tables, nltk_digest=""))
compute = ComputeConfig(threads=1, device="cpu")
followbench = FollowBench(FollowBenchConfig(prompts=source("followbench"), judge=None), compute)
digest = hashlib.sha256()
for bench in (ifbench, followbench):
    prompts = bench.load()
    known = [one for one in prompts if bench is followbench or one.prompt in texts]
    answers = [texts[one.prompt] if bench is ifbench else one.target or "An answer." for one in known]
    pairs = [(one, Response(one.id, text, True, 0, 0)) for one, text in zip(known, answers)]
    order = pairs[::-1] if backwards else pairs
    scored = bench.score("m", [one for one, _ in order], [response for _, response in order])
    scored = scored[::-1] if backwards else scored
    for line in scored:
        digest.update(io.dumps(line).encode())
    numbers = bench.summary(known, {"m": scored, "n": scored}, Bootstrap(0, 200, 0.95))
    digest.update(json.dumps(numbers, sort_keys=True).encode())
    digest.update(repr(bench.by_type(known, {"m": scored}, Bootstrap(0, 200, 0.95))).encode())
print(digest.hexdigest())
"""


def score(shared_data: Path, order: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(shared_data), order],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CRAB_ROOT": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bytes_are_the_same_everywhere(shared_data: Path) -> None:
    here = score(shared_data, "forwards", LC_ALL="C.UTF-8", TZ="UTC", PYTHONHASHSEED="1")
    there = score(shared_data, "backwards", LC_ALL="tr_TR.UTF-8", TZ="Pacific/Kiritimati", PYTHONHASHSEED="2")
    assert len(here.strip()) == 64
    assert here == there

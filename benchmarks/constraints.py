"""How fast constraints are derived and checked on real responses, beside a baseline, and what takes the time.

    python -m benchmarks.constraints                    records a second on one and two processes, and the baseline
    python -m benchmarks.constraints --profile          and where the time goes
    python -m benchmarks.constraints --scale 5000 20000 time and memory of the two stages' work on larger corpora

One record: `derive` of every type, then every constraint that came out checked again under all of its readings.

The baseline does part of what the reference code's six rules do for a record, with NLTK alone: Punkt sentences and
`word_tokenize` for length, words per sentence, characters per word, and a keyword by frequency over the tokens. The
reference code's keyword extractor (YAKE) and language detector (langdetect) are not run, so the baseline is faster
than the reference code, and verifies nothing either.

Data: `../shared/data/seeds` beside the checkout, or `CRAB_SHARED_DATA`.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import json
import os
import pstats
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from crab import constraints
from crab.config.verify import VerifyConfig
from crab.core import io, work
from crab.core.records import Example, Seed
from crab.synthesis import backtranslate
from crab.synthesis.information import Information
from crab.synthesis.verify import Verified, verify

SHARED = Path(os.environ.get("CRAB_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
RESPONSES = "gpt4_1106_preview.jsonl"
ROUNDS = 3
VERIFY = VerifyConfig(
    random_seed=0,
    max_overlap=0.6,
    max_leaked_words=5,
    information_responses=100,
    sibling_responses=8,
    stated="proved",
    sibling_prior=4.0,
)

Pair = tuple[str, str]


def read(name: str) -> list[Pair]:
    """Instructions and responses of a file of real pairs."""
    file = SHARED / "seeds" / name
    if not file.exists():
        sys.exit(f"no real responses at {file}; set CRAB_SHARED_DATA")
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [(row["instruction"], row["output"]) for row in rows]


# -- one record ------------------------------------------------------------------------------------------------------


def derive_and_check(pair: Pair) -> int:
    """Every type derived, every constraint checked under all readings; how many there are."""
    instruction, response = pair
    derived = constraints.derive(response, instruction)
    for constraint in derived:
        assert all(constraints.check_readings(constraint, response).values())
    return len(derived)


def baseline(pair: Pair) -> int:
    """Length, words per sentence, characters per word and a keyword, by NLTK's tokenizers; nothing is verified."""
    from nltk import sent_tokenize, word_tokenize

    tokens = word_tokenize(pair[1])
    longest_sentence = max((len(word_tokenize(sentence)) for sentence in sent_tokenize(pair[1])), default=0)
    longest_word = max(map(len, tokens), default=0)
    keyword = Counter(token.lower() for token in tokens if len(token) > 4).most_common(1)
    return bool(tokens) + bool(longest_sentence) + bool(longest_word) + len(keyword)


def _all(one: Callable[[Pair], int], pairs: Sequence[Pair]) -> int:
    return sum(map(one, pairs))


def _rate(one: Callable[[Pair], int], pairs: Sequence[Pair], processes: int) -> float:
    """Records a second, the best of some rounds; processes are started and warm before the clock."""
    size = -(-len(pairs) // (8 * processes))
    shards = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        list(pool.map(partial(_all, one), [pairs[:20]] * (2 * processes)))
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            list(pool.map(partial(_all, one), shards))
            times.append(time.perf_counter() - started)
    return len(pairs) / min(times)


def rates(pairs: Sequence[Pair]) -> None:
    """Print records a second."""
    checkable = sum(info.checkable for info in constraints.types())
    found = sum(map(derive_and_check, pairs))
    print(f"{len(pairs)} responses, {checkable} types, {found / len(pairs):.1f} constraints a response, all true")
    ours = {processes: _rate(derive_and_check, pairs, processes) for processes in (1, 2)}
    os.environ.setdefault("NLTK_DATA", str(SHARED / "nltk_data"))
    theirs = _rate(baseline, pairs, 1)
    print(f"derive and check, 1 process    {ours[1]:7.0f} records/s   {ours[1] / theirs:5.1f} times the baseline")
    print(f"derive and check, 2 processes  {ours[2]:7.0f} records/s   {ours[2] / theirs:5.1f} times the baseline")
    print(f"baseline (NLTK), 1 process     {theirs:7.0f} records/s")


def profile(pairs: Sequence[Pair]) -> None:
    """Print where the time goes: by module, and the functions that take most."""
    profiler = cProfile.Profile()
    profiler.runcall(_all, derive_and_check, pairs)
    stats: Any = pstats.Stats(profiler)
    modules: Counter[str] = Counter()
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():
        modules[_module(file, function)] += own
    total = sum(modules.values())
    print("\nown time by module")
    for module, seconds in modules.most_common(15):
        print(f"  {100 * seconds / total:5.1f} %  {module}")
    stats.sort_stats("tottime").print_stats(20)


def _module(file: str, function: str) -> str:
    if file == "~":
        return (
            "re (patterns)" if "re.Pattern" in function else f"built-in {function}" if "cld" in function else "built-in"
        )
    parts = Path(file).parts
    for root in ("crab", "site-packages"):
        if root in parts:
            return "/".join(parts[parts.index(root) :][:3]).removeprefix("site-packages/")
    return Path(file).stem


# -- scale -----------------------------------------------------------------------------------------------------------


def perturbed(pairs: Sequence[Pair], count: int) -> Iterator[Seed]:
    """As many records as asked, from real ones: each repetition loses one sentence and gains a word of its own."""
    for number, (instruction, response) in zip(range(count), itertools.cycle(pairs), strict=False):
        rng = random.Random(number)
        sentences = response.split(". ")
        del sentences[rng.randrange(len(sentences))]
        text = ". ".join(sentences) or response
        yield Seed(f"r{number}", "scale", f"{instruction} ({number})", f"{text} So says voice {number}.", "en")


def _derive(seeds: Sequence[Seed]) -> list[Example]:
    return [backtranslate.by_rules(seed, 0, None) for seed in seeds]


def _verify(information: Information, examples: Sequence[Example]) -> list[Verified]:
    return [verify(example, information, VERIFY) for example in examples]


def scale(pairs: Sequence[Pair], count: int, workers: int) -> None:
    """Print seconds and memory of deriving and verifying `count` records, written and read as the stages do."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        started = time.perf_counter()
        derived = place / "derived.jsonl"
        io.write(derived, work.sharded(place, "derive", perturbed(pairs, count), _derive, Example, 500, workers))
        between = time.perf_counter()
        corpus = io.Stored(derived, Example)
        information = Information(corpus, VERIFY)
        check = partial(_verify, information)
        results = work.sharded(place, "verify", corpus, check, Verified, 500, workers)
        kept = sum(len(result.example.constraints) for result in results)
        ended = time.perf_counter()
    parent, worker = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    derived_in, verified_in = between - started, ended - between
    print(
        f"{count:7d} records, {workers} processes: derive {derived_in:6.1f} s ({count / derived_in:.0f}/s), "
        f"verify {verified_in:6.1f} s ({count / verified_in:.0f}/s), {kept / count:.1f} constraints a record; "
        f"peak memory: parent {parent:.0f} MB, largest worker {worker:.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    parser.add_argument("--scale", type=int, nargs="+", metavar="RECORDS", help="time and memory on larger corpora")
    parser.add_argument("--workers", type=int, default=2, help="processes of --scale")
    chosen = parser.parse_args()
    pairs = read(RESPONSES)
    if chosen.scale:
        for count in chosen.scale:
            scale(pairs, count, chosen.workers)
        return
    rates(pairs)
    if chosen.profile:
        profile(pairs)


if __name__ == "__main__":
    main()

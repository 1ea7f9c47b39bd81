"""Overlap of training pairs with evaluation prompts, counted by benchmark."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from crab.config.seed import ContaminationConfig
from crab.core.errors import DataError, Problem
from crab.core.records import Seed
from crab.data.filters import KEEP, Answer
from crab.data.sources import rows
from crab.data.sources.rows import Row
from crab.data.sources.values import find

_WORD = re.compile(r"\w+")
_PROMPT_FIELDS = ["prompt", "instruction", "question"]
"""IFEval and IFBench say `prompt`, FollowBench `instruction`."""

_IFBENCH_GROUPS = frozenset(("count", "custom", "format", "ratio", "repeat", "sentence", "words"))
"""First parts of IFBench's instruction ids; IFEval has none of them."""


class Overlap:
    """Refuses a pair that shares a run of words with a prompt of a benchmark.

    A prompt as long as `ngram_words` overlaps where any run of that many words occurs in the instruction or in the
    response; a shorter one where all of it does; one below `min_prompt_words` only where it is the instruction. Words
    are compared in lower case, without punctuation.
    """

    def __init__(self, config: ContaminationConfig) -> None:
        """Read the prompts.

        Raises:
            DataError: A file is missing or malformed, or holds no prompt; all such problems at once.
        """
        self._sizes: dict[int, dict[tuple[str, ...], set[str]]] = defaultdict(lambda: defaultdict(set))
        self._whole: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self.hits: Counter[str] = Counter()
        problems: list[Problem] = []
        for row in rows.require_rows(rows.read(config.prompts)):
            benchmark = _benchmark(row)
            self.hits[benchmark] += 0
            prompt = find(row.values, _PROMPT_FIELDS)[1]
            if not isinstance(prompt, str):
                problems.append(Problem(row.where, f"no prompt: none of {', '.join(_PROMPT_FIELDS)} is text"))
                continue
            words = _words(prompt)
            size = min(config.ngram_words, len(words))
            if size < config.min_prompt_words:
                self._whole[words].add(benchmark)
                continue
            for run in _runs(words, size):
                self._sizes[size][run].add(benchmark)
        if problems:
            raise DataError(problems)
        self._whole.pop((), None)

    def __call__(self, seed: Seed) -> Answer:
        """Look a pair up; `hits` counts it once for each benchmark that it overlaps with."""
        found = set(self._whole.get(_words(seed.instruction), ()))
        shared = ""
        for text in (seed.instruction, seed.response):
            words = _words(text)
            for size, known in self._sizes.items():
                for run in _runs(words, size):
                    if run in known:
                        found |= known[run]
                        shared = shared or " ".join(run)
        if not found:
            return KEEP
        self.hits.update(found)
        return Answer(False, "evaluation prompt", f"{', '.join(sorted(found))}: {shared or seed.instruction}")


def _benchmark(row: Row) -> str:
    """Which benchmark a prompt is of, by its fields, as published file names say little; else by the file's name."""
    if {"example_id", "level"} <= row.values.keys():
        return "followbench"  # six files
    ids = row.values.get("instruction_id_list")
    if isinstance(ids, list) and ids:
        return "ifbench" if str(ids[0]).partition(":")[0] in _IFBENCH_GROUPS else "ifeval"
    return row.source


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _runs(words: tuple[str, ...], size: int) -> list[tuple[str, ...]]:
    return [words[at : at + size] for at in range(len(words) - size + 1)]

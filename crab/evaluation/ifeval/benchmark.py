"""IFEval as a benchmark: the published prompts, four accuracies, and the mean of the four as CRAB reports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from crab.config.benchmarks import IFEvalConfig
from crab.core import paths
from crab.engines.base import Request, Response
from crab.evaluation import published, verifiable
from crab.evaluation.benchmark import CountRow, TypeRow
from crab.evaluation.ifeval.rules import RULES, Rules
from crab.evaluation.intervals import Bootstrap
from crab.evaluation.punkt import read_tables
from crab.evaluation.verifiable import Prompt, Scored

TABLES = Path("tokenizers/punkt_tab/english")
"""Where NLTK's data folder holds Punkt's English tables."""


class IFEval:
    """The benchmark over the published file."""

    name = "ifeval"
    version = 1
    source = "arXiv 2311.07911, github.com/google-research/google-research/tree/master/instruction_following_eval"

    def __init__(self, config: IFEvalConfig, limit: int | None = None) -> None:
        self._config = config
        self._limit = limit

    @cached_property
    def _rules(self) -> Rules:
        folder = self._config.nltk_data
        return Rules(None if folder is None else read_tables(paths.from_main_checkout(folder) / TABLES))

    def load(self) -> list[Prompt]:
        """The prompts, as many as the config allows."""
        rows = published.read(self._config.prompts, "eval.ifeval.prompts")
        return verifiable.read_prompts(rows, RULES)[: self._limit]

    def requests(self, prompts: Sequence[Prompt], max_new_tokens: int) -> list[Request]:
        """One greedy request per prompt, in order."""
        return verifiable.requests(prompts, max_new_tokens)

    def score(self, model: str, prompts: Sequence[Prompt], responses: Sequence[Response]) -> list[Scored]:
        """Official and fixed verdicts, strict and loose."""
        return verifiable.score(model, prompts, responses, self._rules)

    def summary(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> dict[str, Any]:
        """Four accuracies and their mean per model, by the official and fixed rules; and how sentences were found."""
        tables = "none: by marks alone" if self._config.nltk_data is None else "punkt_tab/english"
        return {"punkt_tables": tables, **verifiable.summary(self.version, prompts, scored, bootstrap)}

    def by_type(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[TypeRow]:
        """Official strict accuracy of each type."""
        return verifiable.by_type(scored, bootstrap)

    def by_count(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[CountRow]:
        """Official strict accuracy of prompts with one to three instructions."""
        return verifiable.by_count(scored, bootstrap)

"""IFBench (arXiv 2507.02833; github.com/allenai/IFBench): 300 prompts, 344 instructions of 58 types.

Official verdicts are those of the code that made the repository's published sample outputs: its `instructions.py`
before the repairs that `faults` marks as upstream's. The headline is `prompt_level_loose_acc`. The official code
downloads NLTK's tables while it runs; here they are read from a folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crab.config.benchmarks import IFBenchConfig
from crab.core import paths
from crab.engines.base import Request, Response
from crab.evaluation import published, verifiable
from crab.evaluation.benchmark import CountRow, TypeRow
from crab.evaluation.decisions import Rule
from crab.evaluation.ifbench.asked import Asked, Check
from crab.evaluation.ifbench.faults import FIXED
from crab.evaluation.ifbench.rules import OFFICIAL
from crab.evaluation.ifbench.tables import Tables
from crab.evaluation.intervals import Bootstrap
from crab.evaluation.verifiable import Prompt, Scored


class IFBench:
    """The benchmark over the published test file."""

    name = "ifbench"
    version = 1
    source = "arXiv 2507.02833, github.com/allenai/IFBench (code Apache-2.0, data ODC-BY-1.0)"

    def __init__(self, config: IFBenchConfig, limit: int | None = None) -> None:
        self._config = config
        self._limit = limit
        self._tables = Tables(None if config.nltk_data is None else paths.from_main_checkout(config.nltk_data))

    def load(self) -> list[Prompt]:
        """The prompts, as many as the config allows."""
        return verifiable.read_prompts(published.read(self._config.prompts, "eval.ifbench.prompts"), OFFICIAL)[
            : self._limit
        ]

    def requests(self, prompts: Sequence[Prompt], max_new_tokens: int) -> list[Request]:
        """One greedy request per prompt, in order."""
        return verifiable.requests(prompts, max_new_tokens)

    def score(self, model: str, prompts: Sequence[Prompt], responses: Sequence[Response]) -> list[Scored]:
        """Official and fixed verdicts, strict and loose."""
        return verifiable.score(model, prompts, responses, self.rules)

    def rules(self, type_: str, parameters: Mapping[str, Any]) -> tuple[Rule, Rule]:
        """The official and the fixed rule of one instruction."""
        asked = Asked(parameters, self._tables)
        official, fixed = OFFICIAL[type_], FIXED[type_]
        rule = _bound(official, asked)
        return rule, rule if fixed is official else _bound(fixed, asked)

    def summary(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> dict[str, Any]:
        """Four accuracies and their mean per model, by the official and fixed rules."""
        return verifiable.summary(self.version, prompts, scored, bootstrap)

    def by_type(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[TypeRow]:
        """Official strict accuracy of each type."""
        return verifiable.by_type(scored, bootstrap)

    def by_count(
        self, prompts: Sequence[Prompt], scored: Mapping[str, Sequence[Scored]], bootstrap: Bootstrap
    ) -> list[CountRow]:
        """Official strict accuracy of prompts with one instruction and with two."""
        return verifiable.by_count(scored, bootstrap)


def _bound(check: Check, asked: Asked) -> Rule:
    return lambda response: check(response, asked)

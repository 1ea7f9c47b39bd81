"""Where published benchmarks lie, and who judges what no program decides: parts of the `eval` section."""

from __future__ import annotations

from pydantic import Field, model_validator

from crab.config.dataset import DatasetConfig
from crab.config.engine import EngineConfig
from crab.config.section import Section


class PromptsConfig(Section):
    """Published prompts, from local files or from the hub; nothing is bundled with the project."""

    path: str | list[str] | None
    """A local copy, as a file, several, or a folder of them; wins over `dataset`. Relative paths start at the main
    checkout."""
    digest: str
    """Hash of the local copy, so that a changed one reruns the stage."""
    dataset: DatasetConfig | None
    get: str
    """Where a person finds the data."""

    @model_validator(mode="after")
    def _are_somewhere(self) -> PromptsConfig:
        if self.path is None and self.dataset is None:
            raise ValueError(f"neither path nor dataset is set: {self.get}, and set path")
        return self


class IFEvalConfig(Section):
    """IFEval: 25 types of instruction that a program decides."""

    prompts: PromptsConfig
    nltk_data: str | None
    """Folder laid out as NLTK's, for Punkt's English tables (`tokenizers/punkt_tab/english`), with which the official
    code counts sentences; null: sentences are found by their marks alone, and the results say so."""
    nltk_digest: str
    """Hash of that folder."""


class IFBenchConfig(Section):
    """IFBench: 58 types of instruction that a program decides."""

    prompts: PromptsConfig
    nltk_data: str | None
    """Folder laid out as NLTK's: Punkt, stop words and, for words:start_verb, the perceptron tagger. What is missing
    leaves verdicts undecided, and is named."""
    nltk_digest: str
    """Hash of that folder."""


class FollowJudgeConfig(Section):
    """The model that decides on FollowBench items without a rule."""

    model: str = Field(min_length=1)
    """Hub id or folder of a model, or the name under which an endpoint serves one."""
    engine: EngineConfig
    """How it is run; `replay` takes recorded judgements."""
    max_new_tokens: int = Field(ge=1)
    """Longest judgement; one that is cut cannot be read."""


class FollowBenchConfig(Section):
    """FollowBench: six categories, five levels each; about 350 items by rule, 470 by a judge."""

    prompts: PromptsConfig
    judge: FollowJudgeConfig | None
    """Null: judged items have no verdict and are left out of every score, and counted."""


class ReverseConfig(Section):
    """Constraint back-translation by the trained model: which constraints does a response meet."""

    records: int = Field(ge=1)
    """Held-out records that are asked about, the first ones."""
    frame: int = Field(ge=0)
    """Which wording of the question."""
    max_new_tokens: int = Field(ge=1)
    """Longest list of constraints."""

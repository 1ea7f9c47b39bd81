"""The `eval` section: which models are judged, on which prompts, and how sure the numbers have to be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from crab.config.benchmarks import FollowBenchConfig, IFBenchConfig, IFEvalConfig, ReverseConfig
from crab.config.section import Section

Model = Literal["base", "sft", "dpo"]


class EvalConfig(Section):
    """Greedy answers of the run's own models, scored by checkers. A benchmark with values of its own has a section."""

    random_seed: int
    """Of the bootstrap; greedy answers draw nothing."""
    benchmarks: list[Literal["heldout", "unseen", "ifeval", "ifbench", "followbench", "reverse"]] = Field(min_length=1)
    """What the models are judged on."""
    models: list[Model] = Field(min_length=1)
    """Whose answers; each model is compared with the one before it."""
    split: Literal["dev", "heldout"]
    """Choices are made on `dev`; `heldout` is only reported."""
    limit: int | None = Field(ge=2)
    """Prompts of each benchmark, at most, the first ones; null: all."""
    max_new_tokens: int = Field(ge=1)
    """Longest answer; one that is cut here counts as truncated and is scored as it is."""
    bootstrap_samples: int = Field(ge=100)
    """Resamples of the prompts behind every interval."""
    confidence: float = Field(gt=0.5, lt=1)
    """How often an interval should cover the truth."""
    likelihood_prompts: int | None = Field(default=None, ge=2)
    """Guard of general ability: held-out answers, the first ones, whose likelihood under each model is measured."""

    ifeval: IFEvalConfig | None = None
    ifbench: IFBenchConfig | None = None
    followbench: FollowBenchConfig | None = None
    reverse: ReverseConfig | None = None

    @property
    def gpus(self) -> int:
        """GPUs that judging and likelihoods use on this machine, where there are any."""
        judge = self.followbench.judge if self.followbench is not None else None
        return max(int(self.likelihood_prompts is not None), judge.engine.gpus if judge is not None else 0)

    @field_validator("benchmarks", "models")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"named more than once: {', '.join(twice)}")
        return names

    @model_validator(mode="after")
    def _benchmarks_are_set_up(self) -> EvalConfig:
        own = [name for name in self.benchmarks if name in EvalConfig.model_fields and getattr(self, name) is None]
        if own:
            raise ValueError(f"benchmarks name {', '.join(own)}, but their own values are missing: eval={own[0]}")
        return self

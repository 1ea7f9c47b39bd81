"""The `seed` section: where pairs come from, which are kept, and how they are split."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.dataset import DatasetConfig, Names
from crab.config.section import Section


class FieldsConfig(Section):
    """Which fields of a row hold what."""

    id: Names
    """Text or a whole number; a hash of the content where a row has none."""
    instruction: Names
    input: Names
    """Joined to the instruction after a blank line; may be missing or empty."""
    response: Names
    messages: Names
    """A conversation, read where a row has no instruction field: its first user turn and the answer to it."""
    constraints: Names = None
    """What the row states already: a list of texts, texts by name, or one text with a line for each; null: nothing."""
    source: Names
    """Where the row comes from; the file's or data set's name where a row does not say, or where this is null."""


class FractionsConfig(Section):
    """Shares of the instructions, decided by hash, so they hold only on average."""

    dev: float = Field(ge=0, lt=1)
    """Choices are made here."""
    heldout: float = Field(ge=0, lt=1)
    """Only ever reported on."""

    @model_validator(mode="after")
    def _leave_something_to_train_on(self) -> FractionsConfig:
        if self.dev + self.heldout >= 1:
            raise ValueError(f"dev and heldout take {self.dev + self.heldout:g} of the data: nothing is left for train")
        return self


class NearDuplicatesConfig(Section):
    """Two pairs are near duplicates when both their instructions and their responses are."""

    threshold: float | None = Field(gt=0, le=1)
    """Jaccard similarity of word shingles from which texts count as the same; null keeps near duplicates."""
    shingle_words: int = Field(ge=1)
    """Words per shingle: more of them make the comparison stricter."""


class ContaminationConfig(Section):
    """Overlap with evaluation prompts."""

    prompts: str | list[str]
    """Files of evaluation prompts (JSONL, JSON, CSV, Parquet); relative paths start at the main checkout."""
    digest: str
    """Hash of these files, so that a changed one reruns the stage."""
    ngram_words: int = Field(ge=2)
    """A prompt and a pair overlap when they share this many words in a row."""
    min_prompt_words: int = Field(ge=1)
    """A prompt below `ngram_words` counts when a pair holds all of it; below this, only when it is the instruction."""


class PaperSourceConfig(Section):
    """One of the paper's sources, from a local file or from the hub, with its selection rule."""

    rule: Literal["best_scored", "ranked_tree", "first_turns", "system_and_first_turn"]
    path: str | None
    """A local copy; wins over `dataset`."""
    digest: str
    """Hash of the local copy."""
    dataset: DatasetConfig | None
    get: str
    """Where a person finds the data."""
    licence: str
    min_response_words: int = Field(ge=0)
    max_instruction_words: int | None = Field(ge=1)
    min_score: float | None
    """Least score of the best response (`best_scored` only)."""


class SeedConfig(Section):
    """The sources share the filters and the split; each has the values that only it needs."""

    source: str
    """One of `OWN_VALUES`."""
    world_seed: int
    """Decides what is drawn while pairs are made or read: the built-in world, a limit's sample, `diverse_rate`."""
    split_seed: int
    """Decides which instructions are train, dev and held-out."""
    fractions: FractionsConfig
    licences: dict[str, str]
    """Licence of each source by its name, beside what `sources` say; read through `all_licences`."""

    pairs: int | None = Field(default=None, ge=1)
    """`builtin`: how many pairs to generate."""
    path: str | list[str] | None = None
    """`files`: one file or several; relative paths start at the main checkout. `crab_released`: wins over `dataset`."""
    digest: str | None = None
    """Hash of the files' content, so that a changed file reruns the stage."""
    dataset: DatasetConfig | None = None
    """`hub`, `crab_released`: which data set."""
    fields: FieldsConfig | None = None
    """`files`, `hub`: which fields hold what."""
    sources: dict[str, PaperSourceConfig] | None = None
    """`paper`: its sources by name."""
    diverse_rate: float | None = Field(default=None, ge=0, lt=1)
    """`paper`: share of rows that skip their source's length rules."""

    limit: int | None = Field(ge=1)
    """At most this many rows, all answers to a sample of the instructions, for trials; null for all."""
    min_response_words: int = Field(ge=0)
    max_response_words: int | None = Field(ge=1)
    max_instruction_words: int | None = Field(ge=1)
    languages: list[str]
    """ISO 639-1 codes of the responses to keep; empty keeps all."""
    undetermined_language: bool
    """Whether responses too short or too odd to tell (`und`) pass the language filter."""
    drop_refusals: bool
    drop_truncated: bool
    drop_exact_duplicates: bool
    near_duplicates: NearDuplicatesConfig
    contamination: ContaminationConfig

    @property
    def states_constraints(self) -> bool:
        """Whether pairs may come with constraints of their own."""
        return self.source == "crab_released" or (self.fields is not None and self.fields.constraints is not None)

    @property
    def all_licences(self) -> dict[str, str]:
        """Licence of each source that states one, for the report and a release."""
        stated = {name: source.licence for name, source in (self.sources or {}).items()}
        return stated | self.licences

    @model_validator(mode="after")
    def _the_source_has_its_values(self) -> SeedConfig:
        if self.source not in OWN_VALUES:
            raise ValueError(f"source is none of {', '.join(OWN_VALUES)}")
        own = OWN_VALUES[self.source]
        faults = [f"{name} is needed by source={self.source}" for name in own if getattr(self, name) is None]
        for other, names in OWN_VALUES.items():
            faults += [
                f"{name} belongs to source={other}, not {self.source}"
                for name in names
                if name not in (*own, *_MAY_HAVE.get(self.source, ())) and getattr(self, name) is not None
            ]
        if self.source == "files" and not self.path:
            faults.append("path names no file: set seed.path=FILE or seed.path=[FILE,FILE]")
        if self.source == "paper" and not self.sources:
            faults.append("sources is empty")
        if self.max_response_words is not None and self.max_response_words < self.min_response_words:
            faults.append("max_response_words is below min_response_words")
        if faults:
            raise ValueError("; ".join(dict.fromkeys(faults)))
        return self


OWN_VALUES: dict[str, tuple[str, ...]] = {
    "builtin": ("pairs",),
    "files": ("path", "digest", "fields"),
    "hub": ("dataset", "fields"),
    "paper": ("sources", "diverse_rate"),
    "crab_released": ("dataset",),
}
"""The sources that there are, each with the values that it needs; the others' must not be set."""

_MAY_HAVE: dict[str, tuple[str, ...]] = {"crab_released": ("path", "digest")}
"""Values that a source can also take."""

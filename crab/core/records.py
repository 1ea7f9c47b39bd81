"""The records that flow between stages: frozen, ordered, one JSON object a line.

Field order here is key order on disk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import TypedDict  # pydantic reads typing's own from Python 3.12 on only

Task = Literal["forward", "reverse", "general"]
Origin = Literal["rule", "teacher", "data"]
"""Who found a constraint: a measure of the response, a model, or whoever made the data."""


class Message(TypedDict):
    """One chat turn, as TRL and chat templates read it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a response satisfies a constraint, and why, in words a person understands."""

    satisfied: bool
    reason: str
    by: str = "checker"
    """`checker`, the judge that decided, or `data`: it came with the pair and is taken at its word."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A requirement on a response: typed parameters, the sentence that states them, and the proof."""

    type: str
    """`category:name`, a key of the registry."""
    params: dict[str, Any]
    text: str
    origin: Origin = "rule"
    witness: str = ""
    """What was measured in the response that the constraint came from, e.g. `57 words`."""
    bits: float | None = None
    """-log2 P(another good response satisfies it); None before the verify stage."""
    verdict: Verdict | None = None

    @property
    def category(self) -> str:
        return self.type.partition(":")[0]

    @property
    def judged(self) -> bool:
        """Whether its proof is somebody's word: then no program can check it on another response."""
        return self.verdict is not None and self.verdict.by != "checker"

    @property
    def certified(self) -> bool:
        """Whether a program can check it on any response, and has not found it false of its own."""
        return not self.judged and (self.verdict is None or self.verdict.satisfied)


STATED, REFINED = "constraints", "refined_instruction"
"""Keys of a seed's `meta`: the texts of constraints that came with the pair, and its refined instruction."""


@dataclass(frozen=True, slots=True)
class Seed:
    """An instruction and a good response to it."""

    id: str
    source: str
    instruction: str
    response: str
    language: str
    """ISO 639-1 code, or `und` where no language could be told."""
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example(Seed):
    """A seed with constraints that its response satisfies (proposed, or verified)."""

    constraints: tuple[Constraint, ...] = ()
    refined_instruction: str | None = None


@dataclass(frozen=True, slots=True)
class EvalPrompt:
    """One held-out prompt: constraints that are jointly satisfiable, because the witness satisfies them."""

    id: str
    seed_id: str
    instruction: str
    prompt: list[Message]
    constraints: tuple[Constraint, ...]
    witness_response: str
    chance: tuple[tuple[bool, ...], ...]
    """Verdicts of other good responses, one row a response, one column a constraint."""
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One supervised row in TRL's conversational prompt/completion form."""

    prompt: list[Message]
    completion: list[Message]
    task: Task
    weight: float
    constraint_types: tuple[str, ...]
    seed_id: str


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """A preference whose label the checkers certify, in TRL's conversational form."""

    prompt: list[Message]
    chosen: list[Message]
    rejected: list[Message]
    failed: tuple[str, ...]
    """Types of the constraints that the rejected response fails and the chosen one meets."""
    source: str
    seed_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that did not go on, and why. Nothing is dropped without one."""

    stage: str
    reason: str
    """A short fixed phrase that can be counted, e.g. `too short`."""
    detail: str
    record: dict[str, Any]

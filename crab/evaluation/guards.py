"""What shows that accuracy was bought with damage: length, endings, and on the built-in world grammar and topic."""

from __future__ import annotations

from dataclasses import dataclass

from crab.core import text
from crab.core.records import EvalPrompt
from crab.data.world import guards as world
from crab.data.world import vocabulary


@dataclass(frozen=True, slots=True)
class Guards:
    """Measures of one response that no constraint asks for."""

    words: int
    grammatical: bool | None
    """Of the built-in world's language; None where the prompt is not of that world."""
    on_topic: bool | None
    """Speaks of the topic that the instruction names; None likewise."""


def measure(prompt: EvalPrompt, response: str) -> Guards:
    """The guards of one response to one prompt."""
    words = text.measures(response).word_count()
    topic = prompt.meta.get("topic")
    if topic not in vocabulary.topics():
        return Guards(words, None, None)
    return Guards(words, world.is_grammatical(response), world.on_topic(response, topic))

"""The reward of GRPO: what the checkers say about an answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from crab.core.records import Message
from crab.data.preferences import PreferencePrompt, Sample, score


class ConstraintReward:
    """Share of a prompt's constraints that an answer meets, and more for all of them; TRL calls it.

    An answer that did not end by itself, or has no text, gets 0.
    """

    def __init__(self, prompts: Sequence[PreferencePrompt], ends: Collection[int], all_met_bonus: float) -> None:
        """Rewards for answers to these prompts, which a column `number` points to.

        Args:
            prompts: The prompts.
            ends: Tokens that end an answer.
            all_met_bonus: Added where all constraints are met.
        """
        self.prompts, self.ends, self.all_met_bonus = prompts, ends, all_met_bonus
        self.__name__ = "constraints_met"  # in TRL's metrics

    def __call__(
        self,
        *,
        number: Sequence[int],
        completions: Sequence[Sequence[Message]],
        completion_ids: Sequence[Sequence[int]],
        log_metric: Callable[[str, float], None],
        **_: Any,
    ) -> list[float]:
        """One reward for each answer; also logs the batch's share of met constraints and of answers that meet all."""
        scores = [
            score(self.prompts[place].constraints, Sample(completion[0]["content"], bool(ids) and ids[-1] in self.ends))
            for place, completion, ids in zip(number, completions, completion_ids, strict=True)
        ]
        shares = [max(one, 0.0) for one in scores]
        log_metric("share_met", sum(shares) / len(scores))
        log_metric("all_met", sum(one == 1 for one in scores) / len(scores))
        log_metric("unreadable", sum(one < 0 for one in scores) / len(scores))
        return [share + self.all_met_bonus * (share == 1) for share in shares]

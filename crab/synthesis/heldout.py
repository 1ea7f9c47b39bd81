"""The project's own evaluation prompts, drawn from records that training never sees.

Every prompt is jointly satisfiable, because its constraints were all found in one response (the witness). The chance
row comes from other good responses: siblings of the same instruction first, then any others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from crab import constraints as registry
from crab.config.heldout import HeldoutConfig
from crab.core import randomness
from crab.core.records import EvalPrompt, Example
from crab.data.choose import choose
from crab.prompts import layouts


def prompts(examples: Sequence[Example], config: HeldoutConfig, number: int) -> list[EvalPrompt]:
    """Draw records and constraints; at most `number` prompts, each record once, every number of constraints as often.

    A record that does not hold as many eligible constraints as its turn asks for gives all that it holds; one that
    holds none gives no prompt.
    """
    ranked = sorted(examples, key=lambda e: (randomness.fraction(config.random_seed, "heldout", e.id), e.id))
    siblings: dict[str, list[Example]] = defaultdict(list)
    for example in ranked:
        siblings[example.instruction].append(example)
    made: list[EvalPrompt] = []
    for example in ranked:
        if len(made) == number:
            break
        rng = randomness.rng(config.random_seed, "prompt", example.id)
        asked = 1 + len(made) % config.max_constraints
        checkable = [constraint for constraint in example.constraints if constraint.certified]
        chosen = tuple(choose(checkable, asked, config.selection, rng))
        if not chosen:
            continue
        own = [other for other in siblings[example.instruction] if other.id != example.id]
        others = own + [other for other in ranked if other.instruction != example.instruction]
        text = layouts.state(example.instruction, [constraint.text for constraint in chosen], "sentences")
        made.append(
            EvalPrompt(
                id=f"{example.id}/{len(chosen)}",
                seed_id=example.id,
                instruction=example.instruction,
                prompt=[{"role": "user", "content": text}],
                constraints=chosen,
                witness_response=example.response,
                chance=tuple(
                    tuple(verdict.satisfied for verdict in registry.check_all(chosen, other.response))
                    for other in others[: config.chance_responses]
                ),
                meta=example.meta,
            )
        )
    return made

"""The columns of the data set's configurations, and how a record becomes a row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crab.core.records import Constraint, Example, PreferencePair, TrainingRow

PAIRS, ROWS, PREFERENCES = "constraints", "sft", "preferences"
"""Names of the configurations; the first one is what `load_dataset` takes by default."""


def declared(name: str) -> Any:
    """The `datasets.Features` of a configuration."""
    from datasets import Features, Value

    text, number = Value("string"), Value("float64")
    turns = [{"role": text, "content": text}]
    constraint = {
        **dict.fromkeys(("type", "params", "text", "origin", "witness"), text),
        "bits": number,
        "verdict": {"satisfied": Value("bool"), "reason": text, "by": text},
    }
    return Features(
        {
            PAIRS: {
                **dict.fromkeys(("id", "source", "licence", "instruction", "response", "language", "meta"), text),
                "refined_instruction": text,
                "constraints": [constraint],
            },
            ROWS: {
                **dict.fromkeys(("seed_id", "source", "task"), text),
                "prompt": turns,
                "completion": turns,
                "weight": number,
                "constraint_types": [text],
            },
            PREFERENCES: {
                **dict.fromkeys(("seed_id", "source", "pair_source"), text),
                "prompt": turns,
                "chosen": turns,
                "rejected": turns,
                "failed": [text],
            },
        }[name]
    )


def pair(example: Example, licence: str) -> dict[str, Any]:
    """A verified record; parameters and metadata differ from type to type and source to source, so they are JSON."""
    return {
        "id": example.id,
        "source": example.source,
        "licence": licence,
        "instruction": example.instruction,
        "response": example.response,
        "language": example.language,
        "meta": _json(example.meta),
        "refined_instruction": example.refined_instruction,
        "constraints": [_constraint(one) for one in example.constraints],
    }


def row(made: TrainingRow, source: str) -> dict[str, Any]:
    """A training row."""
    return {
        "seed_id": made.seed_id,
        "source": source,
        "task": made.task,
        "prompt": made.prompt,
        "completion": made.completion,
        "weight": made.weight,
        "constraint_types": list(made.constraint_types),
    }


def preference(made: PreferencePair, source: str) -> dict[str, Any]:
    """A preference pair; `pair_source` says how the answers came to be, `source` where the seed is from."""
    return {
        "seed_id": made.seed_id,
        "source": source,
        "pair_source": made.source,
        "prompt": made.prompt,
        "chosen": made.chosen,
        "rejected": made.rejected,
        "failed": list(made.failed),
    }


def _constraint(constraint: Constraint) -> dict[str, Any]:
    verdict = constraint.verdict
    return {
        "type": constraint.type,
        "params": _json(constraint.params),
        "text": constraint.text,
        "origin": constraint.origin,
        "witness": constraint.witness,
        "bits": constraint.bits,
        "verdict": None
        if verdict is None
        else {"satisfied": verdict.satisfied, "reason": verdict.reason, "by": verdict.by},
    }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)

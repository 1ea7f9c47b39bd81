from __future__ import annotations

import dataclasses

from crab.core.records import Constraint, Example, Rejected
from crab.synthesis.counts import Tally

LENGTH = Constraint("length:num_words", {}, "Short.")
COMMA = Constraint("punctuation:no_comma", {}, "No commas.")


def example(*constraints: Constraint) -> Example:
    return Example("e", "s", "Say it.", "It.", "en", {}, constraints)


def test_records_constraints_bits_and_reasons_are_counted() -> None:
    tally = Tally(["train", "dev"])
    tally.keep("train", example(dataclasses.replace(LENGTH, bits=1.0), dataclasses.replace(COMMA, bits=0.125)))
    tally.keep("train", example(dataclasses.replace(LENGTH, bits=2.5), COMMA))
    for reason in ("redundant", "not satisfied", "redundant"):
        tally.reject(Rejected("verify", reason, "", {}))
    assert tally.metrics() == {
        "records": {"train": 2, "dev": 0},
        "constraints": 4,
        "constraints_per_record": 2.0,
        "by_category": {"length": 2, "punctuation": 2},
        "rejected": {"not satisfied": 1, "redundant": 2},
        "mean_bits": {"length": 1.75, "punctuation": 0.125},
    }


def test_nothing_is_no_error_and_has_no_bits() -> None:
    metrics = Tally(["train"]).metrics()
    assert metrics["constraints_per_record"] == 0
    assert "mean_bits" not in metrics

from __future__ import annotations

from crab.config.unseen import UnseenConfig
from crab.core.records import Constraint, Example
from crab.data import families

TYPES = ("quotation:whole", "length:num_words", "length:num_sentences", "case:all_lowercase")
EXAMPLE = Example(
    "a", "test", "Say hi.", "Hi.", "en", constraints=tuple(Constraint(type_, {}, type_) for type_ in TYPES)
)


def types(examples: list[Example]) -> list[str]:
    return [constraint.type for example in examples for constraint in example.constraints]


def test_every_constraint_is_on_one_side() -> None:
    unseen = UnseenConfig(types=["quotation", "length:num_words"])
    assert types(families.held_out([EXAMPLE], unseen)) == ["quotation:whole", "length:num_words"]
    assert types(families.seen([EXAMPLE], unseen)) == ["length:num_sentences", "case:all_lowercase"]


def test_without_unseen_types_training_sees_everything() -> None:
    assert families.seen([EXAMPLE], UnseenConfig(types=[])) == [EXAMPLE]
    assert types(families.held_out([EXAMPLE], UnseenConfig(types=[]))) == []

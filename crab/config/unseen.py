"""The `unseen` section: constraint types that no training row states, so that evaluation can tell rule from habit."""

from __future__ import annotations

from crab.config.section import Section


class UnseenConfig(Section):
    """Held-out constraint families. A group of its own, so that a mix ablation never changes the evaluation prompts."""

    types: list[str]
    """Types (`quotation:whole`) and whole categories (`quotation`)."""

    def holds(self, type_: str) -> bool:
        """Whether a constraint type is held out."""
        return type_ in self.types or type_.partition(":")[0] in self.types

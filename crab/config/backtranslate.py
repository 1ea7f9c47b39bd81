"""The `backtranslate` section: how responses are turned into constraints."""

from __future__ import annotations

from crab.config.section import Section


class BacktranslateConfig(Section):
    """What is drawn while deriving: parameters where a type offers a choice, and phrasings."""

    random_seed: int

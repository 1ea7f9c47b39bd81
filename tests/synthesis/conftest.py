from __future__ import annotations

import pytest

from crab.config.heldout import HeldoutConfig
from crab.config.verify import VerifyConfig
from crab.core.records import Example, Seed
from crab.synthesis import backtranslate
from tests.sections import from_conf

RESPONSES = [
    "- tea is warm.\n- milk is cold.\n- water is neither.",
    "In short, tea is warm, and milk is cold! Water is neither! That is all!",
    "TEA IS WARM. MILK IS COLD. WATER IS NEITHER.",
    '{"tea": "warm", "milk": "cold"}',
    "1. tea\n2. milk\n\nP.S. water too.",
    "Tea is warm. Milk is cold and white. Water is neither warm nor white, but it is clear.",
]


@pytest.fixture
def verify_config() -> VerifyConfig:
    return from_conf(VerifyConfig, "verify", "default")


@pytest.fixture
def heldout_config() -> HeldoutConfig:
    return from_conf(HeldoutConfig, "heldout", "default")


@pytest.fixture
def examples() -> list[Example]:
    """Six answers each to four instructions, with every constraint that the rules find."""
    return [
        backtranslate.by_rules(
            Seed(f"{topic}-{number}", "test", f"tell me about {topic}.", text.replace("water", topic), "en"), 0, None
        )
        for topic in ("water", "juice", "soup", "broth")
        for number, text in enumerate(RESPONSES)
    ]

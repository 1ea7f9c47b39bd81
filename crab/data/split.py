"""Train, dev and held-out by a hash of the instruction, so that all answers to one instruction stay together."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from crab.core import randomness

Split = Literal["train", "dev", "heldout"]
SPLITS: tuple[Split, ...] = ("train", "dev", "heldout")

_EDGES = re.compile(r"^\W+|\W+$")


def normalise(instruction: str) -> str:
    """An instruction without what makes no difference: case, width, spacing, and punctuation at its ends."""
    folded = " ".join(unicodedata.normalize("NFKC", instruction).casefold().split())
    return _EDGES.sub("", folded) or folded


def assign(instruction: str, split_seed: int, dev: float, heldout: float) -> Split:
    """The split of an instruction: a pure function of its normal form, whatever else there is.

    Args:
        instruction: As it stands.
        split_seed: Another seed, another split.
        dev: Share for dev, in [0, 1).
        heldout: Share for held-out, in [0, 1); with a larger share, what was held out stays so.
    """
    place = randomness.fraction(split_seed, "split", normalise(instruction))
    if place < heldout:
        return "heldout"
    return "dev" if place >= 1 - dev else "train"

"""Random numbers that depend on what they are for, never on what was drawn before."""

from __future__ import annotations

import hashlib
import random


def rng(seed: int, *purpose: str | int) -> random.Random:
    """A generator of its own for one purpose, e.g. `rng(cfg.random_seed, "mix", seed_id)`.

    Same on every machine, process and order of work (seeded through SHA-512, as `random.Random` does for text).
    """
    return random.Random("\x1f".join(str(part) for part in (seed, *purpose)))


def fraction(seed: int, *purpose: str | int) -> float:
    """A number in [0, 1) that is a pure function of its arguments; decides splits by hash."""
    text = "\x1f".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big") / 2**64

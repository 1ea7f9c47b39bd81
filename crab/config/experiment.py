"""The whole of `params.yaml`: every section with its schema, and what only several of them together can tell.

Used by `compose` and by the first stage that runs; no stage depends on it, so that a change here reruns nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from crab.config.backtranslate import BacktranslateConfig
from crab.config.base import BaseConfig
from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.engine import EngineConfig
from crab.config.evaluation import EvalConfig
from crab.config.heldout import HeldoutConfig
from crab.config.launch import LaunchConfig
from crab.config.mix import MixConfig
from crab.config.model import ModelConfig
from crab.config.section import Section, problems_in
from crab.config.seed import SeedConfig
from crab.config.sft import SftConfig
from crab.config.teacher import TeacherConfig
from crab.config.track import TrackConfig
from crab.config.verify import VerifyConfig
from crab.core.errors import Problem

SECTIONS: dict[str, type[Section]] = {
    "seed": SeedConfig,
    "teacher": TeacherConfig,
    "backtranslate": BacktranslateConfig,
    "verify": VerifyConfig,
    "heldout": HeldoutConfig,
    "model": ModelConfig,
    "base": BaseConfig,
    "mix": MixConfig,
    "sft": SftConfig,
    "dpo": DpoConfig,
    "eval": EvalConfig,
    "compute": ComputeConfig,
    "engine": EngineConfig,
    "launch": LaunchConfig,
    "track": TrackConfig,
}
"""Section -> its schema, in the order in which the stages meet them."""

SCALARS: dict[str, type] = {"name": str, "random_seed": int}
"""Values beside the sections."""


def validate(params: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with `params.yaml`, in the order of the file's sections; empty when it is sound."""
    problems = [_explain_scalar(key, params.get(key), kind) for key, kind in SCALARS.items()]
    found = [problem for problem in problems if problem]
    found += [_unknown(key) for key in params if key not in SECTIONS and key not in SCALARS]
    sound: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        section_problems = problems_in(name, kind, params.get(name))
        found += section_problems
        if not section_problems:
            sound[name] = kind.model_validate(params[name])
    return found + _combinations(sound)


def _combinations(sections: Mapping[str, Any]) -> list[Problem]:
    """What is wrong between sections; a rule is left out where one of its sections is wrong in itself."""
    found: list[Problem] = []

    def rule(wrong: bool, where: str, what: str, fix: str) -> None:
        if wrong:
            found.append(Problem(f"params.yaml [{where}]", what, fix))

    model, mix, sft, dpo, evaluation = (sections.get(name) for name in ("model", "mix", "sft", "dpo", "eval"))
    if mix and sft:
        rule(
            sft.forward_weight == 0 and mix.reverse.share == 0,
            "mix, sft",
            "sft.forward_weight = 0 and mix.reverse.share = 0: no row would be trained on",
            "give one of them a value above 0",
        )
        rule(
            sft.forward_weight > 0 and mix.reverse.share == 1 and mix.reverse.seeds == "disjoint",
            "mix, sft",
            "mix.reverse takes every record for itself (share = 1, seeds = disjoint): no forward row is left",
            "set mix.reverse.seeds=shared or a lower mix.reverse.share",
        )
    if dpo:
        rule(
            dpo.max_new_tokens >= dpo.max_length,
            "dpo",
            f"max_new_tokens = {dpo.max_new_tokens} leaves no room for a prompt in max_length = {dpo.max_length}",
            "lower dpo.max_new_tokens or raise dpo.max_length",
        )
    if model:
        positions = model.base.max_positions
        for name, section, key in [("dpo", dpo, "max_length"), ("eval", evaluation, "max_new_tokens")]:
            if section:
                value = getattr(section, key)
                rule(
                    value > positions,
                    f"{name}, model",
                    f"{name}.{key} = {value} is above what model {model.name} holds: {positions} positions",
                    f"lower {name}.{key}, or choose another model",
                )
    return found


def _explain_scalar(key: str, value: Any, kind: type) -> Problem | None:
    if type(value) is kind and value != "???":
        return None
    words = {str: "text", int: "a whole number"}[kind]
    found = "is not set" if value in (None, "???") else f"is {value!r}, not {words}"
    return Problem("params.yaml", f"{key} {found}", f"set {key} in conf/config.yaml, or override it")


def _unknown(key: str) -> Problem:
    known = [*SCALARS, *SECTIONS]
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known sections: {', '.join(known)}"
    return Problem("params.yaml", f"unknown section {key!r}", f"{hint} (edit conf/config.yaml)")

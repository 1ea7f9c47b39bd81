"""The whole of `params.yaml`: every section with its schema, and what only several of them together can tell.

Used by `compose` and by the first stage that runs; no stage depends on it, so that a change here reruns nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crab.config.backtranslate import BacktranslateConfig
from crab.config.base import BaseConfig
from crab.config.compute import ComputeConfig
from crab.config.dpo import DpoConfig
from crab.config.engine import EngineConfig
from crab.config.evaluation import EvalConfig
from crab.config.general import GeneralConfig
from crab.config.heldout import HeldoutConfig
from crab.config.judge import JudgeConfig
from crab.config.launch import LaunchConfig
from crab.config.mix import MixConfig
from crab.config.model import ModelConfig
from crab.config.section import Section, problems_in
from crab.config.seed import SeedConfig
from crab.config.sft import SftConfig
from crab.config.teacher import TeacherConfig
from crab.config.track import TrackConfig
from crab.config.unseen import UnseenConfig
from crab.config.verify import VerifyConfig
from crab.constraints.registry import JUDGED, TYPES
from crab.core.errors import Problem
from crab.training import start

SECTIONS: dict[str, type[Section]] = {
    "seed": SeedConfig,
    "teacher": TeacherConfig,
    "judge": JudgeConfig,
    "backtranslate": BacktranslateConfig,
    "verify": VerifyConfig,
    "heldout": HeldoutConfig,
    "model": ModelConfig,
    "base": BaseConfig,
    "mix": MixConfig,
    "general": GeneralConfig,
    "unseen": UnseenConfig,
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
    """What is wrong between sections that are sound in themselves; pairs with an unsound one are passed over."""
    return [
        problem
        for names, rule in _RULES
        if all(name in sections for name in names) and (problem := rule(*(sections[name] for name in names)))
    ]


def _answers_fit(evaluation: EvalConfig, model: ModelConfig) -> Problem | None:
    if evaluation.max_new_tokens < model.base.max_positions:
        return None
    found = f"max_new_tokens = {evaluation.max_new_tokens} leaves no room for a prompt"
    return Problem("params.yaml [eval]", found, f"{model.name} has {model.base.max_positions} positions; use fewer")


def _pairs_fit(dpo: DpoConfig, model: ModelConfig) -> Problem | None:
    if dpo.max_length <= model.base.max_positions:
        return None
    found = f"max_length = {dpo.max_length} is above what {model.name} holds: {model.base.max_positions} positions"
    return Problem("params.yaml [dpo]", found, "lower dpo.max_length, or choose another model")


def _samples_fit(dpo: DpoConfig) -> Problem | None:
    if dpo.max_new_tokens < dpo.max_length:
        return None
    found = f"max_new_tokens = {dpo.max_new_tokens} leaves no room for a prompt in max_length = {dpo.max_length}"
    return Problem("params.yaml [dpo]", found, "use fewer new tokens, or a longer max_length")


def _something_is_trained(sft: SftConfig, mix: MixConfig) -> Problem | None:
    where = "params.yaml [sft], [mix]"
    if sft.forward_weight == 0 and mix.reverse.share == 0:
        return Problem(where, "forward_weight = 0 and reverse.share = 0: nothing would be trained", "raise one of them")
    if sft.normalize == "per_task" and mix.reverse.share == 1 and mix.reverse.seeds == "disjoint":
        found = "no record is left for the forward task, which defines the steps under normalize = per_task"
        return Problem(where, found, "use reverse.share < 1, reverse.seeds = shared, or normalize = tokens")
    return None


def _checkpoint_is_sound(sft: SftConfig, model: ModelConfig) -> Problem | None:
    found = [*start.problems(sft, model)]
    if not found:
        return None
    return Problem(found[0].where, "; ".join(problem.found for problem in found), found[0].fix)


def _somebody_proposes(seed: SeedConfig, teacher: TeacherConfig) -> Problem | None:
    if teacher.rules or teacher.llm is not None or seed.states_constraints:
        return None
    found = "rules is false, llm is null, and the pairs state no constraints: nobody would propose any"
    return Problem("params.yaml [teacher], [seed]", found, "use teacher=rules, or name seed.fields.constraints")


def _processes_share_steps(launch: LaunchConfig, sft: SftConfig, dpo: DpoConfig) -> Problem | None:
    odd = [name for name, one in (("sft", sft), ("dpo", dpo)) if one.accumulation_steps % launch.processes]
    if not odd:
        return None
    keys = " and ".join(f"{name}.accumulation_steps" for name in odd)
    found = f"{launch.processes} processes cannot share the forward passes of a step evenly: {keys}"
    return Problem("params.yaml [launch]", found, "make them multiples of launch.processes, with a smaller batch_size")


def _adapters_are_not_shared(launch: LaunchConfig, model: ModelConfig) -> Problem | None:
    """Frozen weights have no gradients and moments to share; TRL would score DPO's reference with empty ones."""
    if model.lora is None or not launch.shares_weights:
        return None
    found = f"launch={launch.name} shares the weights between processes, and {model.name} trains adapters"
    return Problem("params.yaml [launch]", found, "use launch=multi_gpu: each GPU holds the frozen weights")


def _grpo_trains_alone(launch: LaunchConfig, dpo: DpoConfig) -> Problem | None:
    """Each process would draw its samples from random numbers of its own, and `launch` must not change a result."""
    if dpo.algorithm != "grpo" or launch.processes == 1:
        return None
    found = f"dpo.algorithm = grpo with {launch.processes} processes: its samples would depend on their number"
    return Problem("params.yaml [launch]", found, "use launch=local or launch=gpu, one process")


def _unseen_types_exist(unseen: UnseenConfig) -> Problem | None:
    return _unknown_types("params.yaml [unseen] types", unseen.types)


def _mixed_types_exist(mix: MixConfig) -> Problem | None:
    return _unknown_types("params.yaml [mix] selection.weights", mix.selection.weights)


def _asked_types_exist(heldout: HeldoutConfig) -> Problem | None:
    return _unknown_types("params.yaml [heldout] selection.weights", heldout.selection.weights)


def _unknown_types(where: str, names: Iterable[str]) -> Problem | None:
    known = {*TYPES, *JUDGED}
    known |= {type_.partition(":")[0] for type_ in known}
    unknown = [name for name in names if name not in known]
    if not unknown:
        return None
    hints = [
        f"{name!r}" + "".join(f" ({close}?)" for close in difflib.get_close_matches(name, known, 1)) for name in unknown
    ]
    found = f"no constraint type or category is called {', '.join(hints)}"
    return Problem(where, found, "`python -m crab constraints types` lists them")


_RULES: tuple[tuple[tuple[str, ...], Callable[..., Problem | None]], ...] = (
    (("eval", "model"), _answers_fit),
    (("dpo", "model"), _pairs_fit),
    (("dpo",), _samples_fit),
    (("seed", "teacher"), _somebody_proposes),
    (("sft", "model"), _checkpoint_is_sound),
    (("sft", "mix"), _something_is_trained),
    (("launch", "sft", "dpo"), _processes_share_steps),
    (("launch", "dpo"), _grpo_trains_alone),
    (("launch", "model"), _adapters_are_not_shared),
    (("unseen",), _unseen_types_exist),
    (("mix",), _mixed_types_exist),
    (("heldout",), _asked_types_exist),
)
"""Sections -> the rule that they must keep together."""


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

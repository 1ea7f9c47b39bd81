"""What conf/launch says is what accelerate understands, as far as that shows without GPUs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from crab.cli import compose
from crab.config.launch import AccelerateConfig, DeepspeedConfig, FsdpConfig, LaunchConfig
from crab.config.section import problems_in
from crab.training import launch

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(file.stem for file in (CONF / "launch").glob("*.yaml"))
SEVERAL = ["cpu", "deepspeed_zero3", "fsdp", "multi_gpu"]


def load(name: str, *overrides: str) -> LaunchConfig:
    return LaunchConfig.model_validate(values(name, *overrides))


def values(name: str, *overrides: str) -> Any:
    return YAML(typ="safe").load(compose.composed(CONF.parent, [f"launch={name}", *overrides], whole=False))["launch"]


def launched(name: str, folder: Path) -> Any:
    """What `accelerate launch` makes of a launch: its arguments, and the environment of the processes."""
    from accelerate.commands import launch as command
    from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

    file = folder / "accelerate.json"
    file.write_text(json.dumps(launch.config_file(load(name))))
    arguments = command.launch_command_parser().parse_args(["--config_file", str(file), "-m", "crab.training.worker"])
    arguments, defaults, _ = command._validate_launch_command(arguments)
    if arguments.use_deepspeed:
        arguments.deepspeed_fields_from_accelerate_config = ",".join(defaults.deepspeed_config)
        return arguments, prepare_deepspeed_cmd_env(arguments)[1]
    return arguments, prepare_multi_gpu_env(arguments)


def test_there_is_a_launch_for_each_scale() -> None:
    assert {"local", "gpu", *SEVERAL} <= set(NAMES)
    assert [name for name in NAMES if load(name).processes > 1] == SEVERAL


@pytest.mark.parametrize("name", SEVERAL)
def test_accelerate_reads_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from accelerate.utils import DeepSpeedPlugin, FullyShardedDataParallelPlugin

    section = load(name)
    arguments, environment = launched(name, tmp_path)
    assert arguments.num_processes == section.processes
    assert arguments.num_machines == 1
    assert arguments.gpu_ids == "all"  # those that the lease leaves visible
    assert (arguments.multi_gpu, arguments.use_fsdp, arguments.use_deepspeed) == tuple(
        section.accelerate.distributed_type == kind for kind in ("MULTI_GPU", "FSDP", "DEEPSPEED")
    )
    assert environment["ACCELERATE_MIXED_PRECISION"] == section.accelerate.mixed_precision
    monkeypatch.setattr(os, "environ", environment)
    if section.accelerate.fsdp_config is not None:
        plugin = FullyShardedDataParallelPlugin()
        assert plugin.fsdp_version == 2
        assert plugin.reshard_after_forward is True
        assert plugin.cpu_ram_efficient_loading
        assert plugin.auto_wrap_policy.__name__ == "transformer_auto_wrap_policy"
        assert str(plugin.state_dict_type) == "StateDictType.SHARDED_STATE_DICT"
        assert not plugin.activation_checkpointing
    if section.accelerate.deepspeed_config is not None:
        config = DeepSpeedPlugin().deepspeed_config
        assert config["zero_optimization"]["stage"] == 3
        assert config["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"] is True
        assert config["gradient_accumulation_steps"] == config["gradient_clipping"] == "auto"


def test_every_key_is_accelerates() -> None:
    from accelerate.commands.config.config_args import ClusterConfig
    from accelerate.commands.launch import launch_command_parser

    options = vars(launch_command_parser().parse_args(["-m", "x"]))
    for kind in (FsdpConfig, DeepspeedConfig):
        assert set(kind.model_fields) <= set(options)
    assert set(AccelerateConfig.model_fields) <= set(ClusterConfig.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "override", "told"),
    [
        ("fsdp", "+launch.accelerate.fsdp_config.fsdp_offload_param=true", "did you mean 'fsdp_offload_params'?"),
        ("fsdp", "+launch.accelerate.mixed_precison=bf16", "did you mean 'mixed_precision'?"),
        ("fsdp", "launch.accelerate.fsdp_config.fsdp_version=1", "fsdp_version = 1"),
        (
            "fsdp",
            "launch.accelerate.distributed_type=MULTI_GPU",
            "distributed_type = FSDP and fsdp_config come together",
        ),
        ("deepspeed_zero3", "launch.accelerate.deepspeed_config.zero3_save_16bit_model=false", "no stage could save"),
        ("local", "launch.processes=2", "needs a distributed_type: launch=multi_gpu"),
    ],
)
def test_what_accelerate_would_pass_over_is_told(name: str, override: str, told: str) -> None:
    problems = problems_in("launch", LaunchConfig, values(name, override))
    assert told in "\n".join(map(str, problems))

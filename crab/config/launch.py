"""The `launch` section: how a stage's process is run. Tracked by no stage, for none of it changes a result."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from crab.config.section import Section


class FsdpConfig(Section):
    """FSDP2, by the names of accelerate's `fsdp_config`; null leaves accelerate's own default."""

    fsdp_version: Literal[2]
    fsdp_auto_wrap_policy: Literal["TRANSFORMER_BASED_WRAP", "SIZE_BASED_WRAP", "NO_WRAP"] | None = None
    fsdp_transformer_layer_cls_to_wrap: str | None = None
    """Classes of layers, with commas between them; null: what the model itself says must not be split."""
    fsdp_min_num_params: int | None = Field(default=None, ge=1)
    """For SIZE_BASED_WRAP."""
    fsdp_reshard_after_forward: bool | None = None
    """Free the gathered weights between forward and backward pass: less memory, more traffic."""
    fsdp_offload_params: bool | None = None
    """Keep weights, gradients and moments in RAM: slow, and fits where nothing else does."""
    fsdp_cpu_ram_efficient_loading: bool | None = None
    """Only the first process reads the weights, and sends them to the others."""
    fsdp_state_dict_type: Literal["SHARDED_STATE_DICT", "FULL_STATE_DICT"] | None = None
    """Of checkpoints; the model that a stage puts out is whole in any case."""
    fsdp_activation_checkpointing: Literal[False] | None = None
    """False: `gradient_checkpointing` of the training sections decides, as for all launches."""


class DeepspeedConfig(Section):
    """DeepSpeed ZeRO, by the names of accelerate's `deepspeed_config`; null leaves accelerate's own default."""

    zero_stage: Literal[1, 2, 3]
    zero3_init_flag: bool | None = None
    zero3_save_16bit_model: bool | None = None
    """Stage 3 needs it: the model is gathered when it is saved."""
    gradient_accumulation_steps: Literal["auto"] | None = None
    """`auto`: as the training sections say."""
    gradient_clipping: Literal["auto"] | None = None
    offload_optimizer_device: Literal["none", "cpu", "nvme"] | None = None
    offload_optimizer_nvme_path: str | None = None
    offload_param_device: Literal["none", "cpu", "nvme"] | None = None
    offload_param_nvme_path: str | None = None

    @model_validator(mode="after")
    def _can_be_saved(self) -> DeepspeedConfig:
        if self.zero_stage == 3 and not self.zero3_save_16bit_model:
            raise ValueError("zero_stage = 3 needs zero3_save_16bit_model = true: no stage could save its model")
        return self


class AccelerateConfig(Section):
    """The part of accelerate's own config file that says how processes work together."""

    distributed_type: Literal["MULTI_GPU", "FSDP", "DEEPSPEED"] | None = None
    """`MULTI_GPU` is accelerate's name for one process a device that holds the whole model (DDP), on a CPU too."""
    mixed_precision: Literal["no", "bf16"] | None = None
    """For shared weights as `model.precision`; otherwise that alone decides."""
    fsdp_config: FsdpConfig | None = None
    deepspeed_config: DeepspeedConfig | None = None

    @model_validator(mode="after")
    def _own_values_only(self) -> AccelerateConfig:
        for type_, name in (("FSDP", "fsdp_config"), ("DEEPSPEED", "deepspeed_config")):
            if (self.distributed_type == type_) != (getattr(self, name) is not None):
                raise ValueError(f"distributed_type = {type_} and {name} come together")
        return self


class LaunchConfig(Section):
    """How many processes a stage runs in, and how often training saves."""

    name: str
    processes: int = Field(ge=1)
    """Processes that train one model together; on GPUs one each. They share the forward passes of a step, so the number
    changes how long a step takes, not what it computes (but for the last digits)."""
    accelerate: AccelerateConfig
    """How several processes work together, e.g. how they share the weights."""
    save_seconds: float = Field(gt=0)
    """Time between checkpoints: what a kill costs at most."""
    workers: int | None = Field(ge=1)
    """Processes that derive and verify constraints, at most; null: one for each core."""
    cluster: str | None
    """A Ray cluster that derives and verifies (`auto`, or host:port; `local`: a Ray of this machine); null: no Ray."""

    @property
    def shares_weights(self) -> bool:
        """Whether the processes hold one copy of the weights together, and not one each."""
        return self.accelerate.distributed_type in ("FSDP", "DEEPSPEED")

    @property
    def sharing(self) -> int:
        """Processes that share one copy of the weights."""
        return self.processes if self.shares_weights else 1

    @model_validator(mode="after")
    def _several_know_how(self) -> LaunchConfig:
        if self.processes > 1 and self.accelerate.distributed_type is None:
            raise ValueError(f"processes = {self.processes} needs a distributed_type: launch=multi_gpu, fsdp, ...")
        return self

"""Loading a policy and its tokenizer: from a model folder, or from the hub that a folder's base.json points to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crab.config.model import ModelConfig
from crab.core import modelpath
from crab.core.errors import CrabError, Problem, ResourceError
from crab.training.runtime import Device

CHAT_TEMPLATE = "chat_template.jinja"


def load_tokenizer(path: Path, access: str = "") -> Any:
    """The tokenizer of a model folder, with the chat template that lies in the folder.

    Args:
        path: A model folder, or one with a base.json.
        access: What the config says about access to a hub model, for the error.

    Raises:
        ResourceError: A hub model that cannot be reached.
        CrabError: No chat template, or no token to pad with.
    """
    from transformers import AutoTokenizer

    name, revision = modelpath.resolve(path)
    with reaching(name, revision, access):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    template = path / CHAT_TEMPLATE
    if template.exists():
        tokenizer.chat_template = template.read_text(encoding="utf-8")
    if not tokenizer.chat_template:
        raise CrabError(Problem(str(path), f"{name} brings no chat template", "set model.chat_template, e.g. lines"))
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    return tokenizer


def load_policy(path: Path, model: ModelConfig, device: Device) -> Any:
    """The model of a folder, ready to be trained on `device`.

    Weights are fp32 (with bf16 arithmetic on top, where the config says so), but for the frozen ones under adapters on
    a GPU, which are bf16.

    Raises:
        ResourceError: A hub model that cannot be reached.
    """
    import torch
    from transformers import AutoModelForCausalLM

    name, revision = modelpath.resolve(path)
    frozen_bf16 = uses_bf16(model, device) and model.lora is not None
    with reaching(name, revision, model.about.access):
        return AutoModelForCausalLM.from_pretrained(
            name, revision=revision, dtype=torch.bfloat16 if frozen_bf16 else torch.float32
        )


def uses_bf16(model: ModelConfig, device: Device) -> bool:
    """Whether a run computes in bf16: never on a CPU, where it was measured 1.5 to 2 times slower than fp32."""
    return model.precision == "bf16" and device == "cuda"


def check_access(hub_id: str, revision: str, access: str) -> None:
    """Fetch a hub model's small config, so that a missing permission shows before hours of work.

    Raises:
        ResourceError: The model cannot be reached.
    """
    from transformers import AutoConfig

    with reaching(hub_id, revision, access):
        AutoConfig.from_pretrained(hub_id, revision=revision)


@contextmanager
def reaching(name: str, revision: str | None, access: str) -> Iterator[None]:
    """Turn a failing download or a broken folder into an error that says what to do."""
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        yield
    except OSError as error:  # the hub client's errors are OSErrors, and transformers wraps them into one
        causes = _causes(error)
        if revision is None:
            raise CrabError(
                Problem(name, f"cannot be loaded: {_first_line(error)}", "run `dvc repro`, which makes it")
            ) from None
        login = "then log in with `hf auth login`, or set HF_TOKEN"
        if any(isinstance(cause, GatedRepoError) for cause in causes) or "gated repo" in str(error):
            found, fix = "is gated and this account has no access", f"{access} {login}".strip()
        elif any(isinstance(cause, RepositoryNotFoundError) for cause in causes):
            found, fix = "does not exist, or is private", f"check model.base.hub_id; {login}"
        elif any(isinstance(cause, LocalEntryNotFoundError) for cause in causes) or "offline" in str(error).lower():
            found = "is not in the local cache and the hub cannot be reached"
            fix = f"connect, or bring a cache made by `hf download {name}` (HF_HOME), or choose model=tiny. {access}"
        else:
            found, fix = f"cannot be loaded: {_first_line(error)}", access
        raise ResourceError(Problem(f"{name} ({revision})", found, fix.strip())) from None


def _causes(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]

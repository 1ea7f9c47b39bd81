"""The models' folders: weights as safetensors, tokenizer and chat template; nothing that has to be unpickled."""

from __future__ import annotations

import shutil
from fnmatch import fnmatch
from pathlib import Path

from crab.core.errors import DataError, Problem

MODELS = ("sft", "dpo")
ALLOWED = ("*.safetensors", "*.json", "*.jinja", "*.model", "vocab.txt", "merges.txt", "LICENSE*")
"""What a model of transformers consists of; a file of any other kind stays behind."""


def present(root: Path) -> list[str]:
    """The trained models that there are, in the order of training."""
    return [name for name in MODELS if (root / "models" / name).is_dir()]


def copy(root: Path, name: str, folder: Path) -> None:
    """Copy a model.

    Raises:
        DataError: It has no weights as safetensors.
    """
    source = root / "models" / name
    chosen = [file for file in sorted(source.iterdir()) if any(fnmatch(file.name, one) for one in ALLOWED)]
    if not any(file.suffix == ".safetensors" for file in chosen):
        raise DataError(Problem(str(source), "holds no weights as safetensors", "run `dvc repro`, which makes them"))
    folder.mkdir(parents=True)
    for file in chosen:
        shutil.copyfile(file, folder / file.name)  # DVC's own file is a link into its cache, which nobody may change

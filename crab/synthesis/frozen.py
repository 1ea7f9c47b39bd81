"""The model of `teacher=self`: a frozen copy of the project's own SFT model, named by its content.

Training replaces `models/sft`, so a teacher needs a copy that stays. `conf/teacher/self.yaml` says
`digest: ${frozen:models/sft}`; resolving it freezes the model into `.work/teachers/<digest>` of the main checkout
(hard links: DVC and the stages replace files, they never write into them) and gives the digest, which is all that
`params.yaml` holds. A model that was itself taught by `teacher=self` is not taken by itself, so that the same command
means the same experiment twice. This module is loaded by its path, as `crab/data/digest.py` is: it imports nothing of
the project.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

MISSING = "missing"
TEACHERS = Path(".work") / "teachers"
_NEWEST = "newest"


def digest(folder: Path) -> str:
    """Hash of a folder's file names and content, 32 hexadecimal digits."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"\0{file.relative_to(folder).as_posix()}\0".encode())
        with open(file, "rb") as content:
            total.update(hashlib.file_digest(content, "sha256").digest())
    return total.hexdigest()[:32]


def freeze(model: Path, root: Path) -> str:
    """Keep a model under its digest, and make it the newest; returns the digest.

    Args:
        model: Folder that holds files.
        root: The main checkout.
    """
    name = digest(model)
    place = root / TEACHERS / name
    if not place.is_dir():
        unfinished = place.with_name(f".{name}.{os.getpid()}")
        shutil.copytree(model, unfinished, copy_function=_link, dirs_exist_ok=True)
        try:
            unfinished.rename(place)
        except OSError:  # another process was quicker
            shutil.rmtree(unfinished)
    pointer = root / TEACHERS / f".{_NEWEST}.{os.getpid()}"
    pointer.write_text(name + "\n", encoding="utf-8")
    pointer.replace(root / TEACHERS / _NEWEST)
    return name


def resolve(folder: str, root: Path) -> str:
    """The digest of the frozen model, freezing it where that is due; `missing` where there is none to freeze."""
    model = root / folder
    if model.is_dir() and any(model.iterdir()) and not _self_taught(root):
        return freeze(model, root)
    try:
        return (root / TEACHERS / _NEWEST).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return MISSING


def register(root: Path) -> None:
    """Make `${frozen:...}` known to OmegaConf; `root` may be one of DVC's temporary snapshots."""
    from omegaconf import OmegaConf

    main = Path(str(root.resolve()).split(os.sep + os.path.join(".dvc", "tmp", "exps") + os.sep)[0])
    OmegaConf.register_new_resolver("frozen", partial(resolve, root=main), replace=True)


def _self_taught(root: Path) -> bool:
    """Whether `dvc.lock` says that the present models come from a teacher that was a frozen model."""
    from ruamel.yaml import YAML

    try:
        lock = YAML(typ="safe").load((root / "dvc.lock").read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return False
    params: dict[str, Any] = lock.get("stages", {}).get("backtranslate", {}).get("params", {}).get("params.yaml", {})
    llm = params.get("teacher.llm", (params.get("teacher") or {}).get("llm"))
    return isinstance(llm, dict) and str(llm["model"]["folder"] or "").startswith(TEACHERS.as_posix())


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)

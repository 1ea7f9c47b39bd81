"""What a request asks, as a key: equal for equal questions, whatever they are called and in whatever run they come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from crab.config.engine import EngineConfig
from crab.core import modelpath
from crab.engines.base import Request


def key(request: Request, identity: Mapping[str, str]) -> bytes:
    """SHA-256 of all that an answer depends on: who is asked, and what.

    Args:
        request: Its id has no part; nor have seed and top_p where nothing is drawn.
        identity: Who is asked, see `identity`, and whatever else should tell answers apart, e.g. a prompt's version.
    """
    asked = asdict(request)
    del asked["id"]
    if request.temperature == 0:
        del asked["seed"], asked["top_p"]
    text = json.dumps([dict(identity), asked], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).digest()


def identity(config: EngineConfig, model: Path | str) -> dict[str, str]:
    """Who is asked: a hub model by name and revision, a model made here by its files' content, an endpoint's by name.

    Which engine computes it, and where, has no part; what changes the answers (quantisation, an adapter) has.
    """
    found = config.identity()
    if adapter := found.get("adapter"):
        found["adapter"] = _digest(Path(adapter))
    if not Path(model).is_dir():
        return {"model": str(model)} | found
    name, revision = modelpath.resolve(model)
    if name == str(Path(model)):
        return {"model": _digest(Path(model))} | found
    return {"model": name, "revision": revision or "main"} | found


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"\0{file.relative_to(folder)}\0".encode())
        with open(file, "rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"

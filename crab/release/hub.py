"""The way to the hub: opt-in, with a token from the environment alone, from a commit that others can see."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crab.core.errors import CrabError, Problem, ResourceError
from crab.release.build import DATASET
from crab.tracking.identity import git

TOKEN = "HF_TOKEN"
_REPO = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)


def require(root: Path, repo: str) -> None:
    """Refuse what should not, or could not, be pushed; asked before anything is written.

    Raises:
        CrabError: With everything that is in the way.
    """
    from huggingface_hub import constants

    problems = []
    if not git("rev-parse", "--verify", "--quiet", "HEAD", folder=root):
        problems.append(Problem("git", "there is no commit that the cards could name", "commit first"))
    elif changed := git("status", "--porcelain", folder=root).splitlines():
        found = f"{len(changed)} files differ from the commit that the cards would name"
        problems.append(Problem("git", found, "commit, or release without --push"))
    if not _REPO.fullmatch(repo):
        problems.append(Problem("--push", f"{repo!r} is no repository of the hub", "write OWNER/NAME"))
    if not os.environ.get(TOKEN):
        problems.append(Problem(TOKEN, "is not set", f"export {TOKEN}=... with a token that may write"))
    if constants.HF_HUB_OFFLINE:
        problems.append(Problem("HF_HUB_OFFLINE", "is set, so nothing can be pushed", "unset it"))
    if problems:
        raise CrabError(problems)


def push(out: Path, repo: str, models: tuple[str, ...]) -> Iterator[str]:
    """Upload the folders into private repositories; yields the address of each when it is there.

    Raises:
        ResourceError: The hub cannot be reached, or refuses.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=os.environ[TOKEN])
    targets = [(DATASET, repo, "dataset"), *((f"model-{name}", f"{repo}-{name}", "model") for name in models)]
    for folder, name, kind in targets:
        with _reaching(name):
            api.create_repo(name, repo_type=kind, private=True, exist_ok=True)
            api.upload_folder(repo_id=name, repo_type=kind, folder_path=out / folder, delete_patterns="*")
        yield f"{api.endpoint}/{'datasets/' if kind == 'dataset' else ''}{name}"


@contextmanager
def _reaching(name: str) -> Iterator[None]:
    import httpx2  # the hub client's transport, whose errors it lets through

    try:
        yield
    except (OSError, httpx2.HTTPError) as error:
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        fix = (
            f"check the connection and what {TOKEN} may do; the folder is complete, so only the push is to be repeated"
        )
        raise ResourceError(Problem(name, f"cannot be pushed: {said}", fix)) from None

"""What a model that cannot be loaded means, and what its user can do: for every loader of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crab.core.errors import CrabError, Problem, ResourceError


@contextmanager
def reaching(name: str, revision: str | None, access: str = "") -> Iterator[None]:
    """Turn a failing download or a broken folder into an error that says what to do.

    Args:
        name: Hub id, or a model's folder; both as `modelpath.resolve` gives them.
        revision: The hub model's.
        access: What the config says about access to the hub model, where the caller knows it.

    Raises:
        ResourceError: The hub model cannot be reached, or is not open to this account.
        CrabError: The folder holds no whole model.
    """
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        yield
    except OSError as error:  # the hub client's errors are OSErrors, and transformers wraps them into one
        if Path(name).is_dir():
            raise CrabError(
                Problem(name, f"cannot be loaded: {_first_line(error)}", "run `dvc repro`, which makes it")
            ) from None
        causes = _causes(error)
        login = "then log in with `hf auth login`, or set HF_TOKEN"
        if any(isinstance(cause, GatedRepoError) for cause in causes) or "gated repo" in str(error):
            found = "is gated and this account has no access"
            fix = f"{access or 'Ask for access on its hub page,'} {login}"
        elif any(isinstance(cause, RepositoryNotFoundError) for cause in causes):
            found, fix = "does not exist, or is private", f"check model.base.hub_id; {login}"
        elif any(isinstance(cause, LocalEntryNotFoundError) for cause in causes) or "offline" in str(error).lower():
            found = "is not in the local cache and the hub cannot be reached"
            fix = f"connect, or bring a cache made by `hf download {name}` (HF_HOME), or choose model=tiny. {access}"
        else:
            found, fix = f"cannot be loaded: {_first_line(error)}", access
        where = name if revision is None else f"{name} ({revision})"
        raise ResourceError(Problem(where, found, fix.strip())) from None


def _causes(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]

"""A model that cannot be loaded, as its user reads it."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

from crab.core import hub
from crab.core.errors import CrabError, ResourceError

RESPONSE = httpx2.Response(403, request=httpx2.Request("GET", "https://hub.invalid/model"))


def load(cause: OSError, name: str = "owner/model", revision: str | None = "main", access: str = "") -> None:
    """Fail as transformers does: with an OSError of its own, of many lines, around the hub client's."""
    with hub.reaching(name, revision, access):
        try:
            raise cause
        except OSError as error:
            raise OSError("We could not load it.\nSee the documentation.") from error


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (GatedRepoError("403", response=RESPONSE), "is gated and this account has no access; Accept the licence. then"),
        (RepositoryNotFoundError("404", response=RESPONSE), "does not exist, or is private; check model.base.hub_id"),
        (LocalEntryNotFoundError("no connection"), "the hub cannot be reached; connect, or bring a cache"),
        (OSError("disk"), "cannot be loaded: We could not load it.; Accept the licence."),
    ],
)
def test_each_cause_has_its_fix(cause: OSError, message: str) -> None:
    with pytest.raises(ResourceError) as error:
        load(cause, access="Accept the licence.")
    assert str(error.value).startswith("owner/model (main): ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__


def test_a_caller_that_knows_no_access_still_says_how_to_get_it() -> None:
    with pytest.raises(ResourceError, match=r"^owner/model: is gated .*; Ask for access on its hub page, then log in"):
        load(GatedRepoError("403", response=RESPONSE), revision=None)


def test_a_folder_is_not_the_hubs(tmp_path: Path) -> None:
    with pytest.raises(CrabError, match="run `dvc repro`") as error:
        load(OSError("no weights"), str(tmp_path), None)
    assert not isinstance(error.value, ResourceError)


def test_what_works_is_left_alone() -> None:
    with hub.reaching("owner/model", "main"):
        pass
    with pytest.raises(ValueError, match="not about files"), hub.reaching("owner/model", "main"):
        raise ValueError("not about files")

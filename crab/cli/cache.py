"""The commands around the response cache: what it holds, what an answer was, making room, and recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crab.core.errors import CrabError, Problem

if TYPE_CHECKING:
    from crab.engines.store import Entry, Store

app = typer.Typer(
    no_args_is_help=True, help="Look into the cache of teachers' and judges' answers (`.work/responses/`)."
)

Where = Annotated[
    list[str] | None,
    typer.Option("--where", help="Only answers of this identity, e.g. model=NAME or prompt=2; may be given twice."),
]
_GIB = 2**30


@app.command()
def stats() -> None:
    """Show how many answers there are, how much room they take, and from whom they are.

    Example: `python -m crab cache stats`
    """
    store = _open()
    found = store.stats()
    if found.oldest is None or found.newest is None:
        print("no answers yet")
        return
    print(
        f"{found.answers} answers, {found.used_bytes / 2**20:.1f} MiB in a file of {found.file_bytes / 2**20:.1f} MiB"
    )
    print(f"from {_date(found.oldest)} to {_date(found.newest)}")
    by_identity: dict[str, list[int]] = {}
    for _, entry in store.entries():
        tokens = by_identity.setdefault(json.dumps(entry.identity, sort_keys=True), [0, 0, 0])
        tokens[0] += 1
        tokens[1] += entry.response.prompt_tokens
        tokens[2] += entry.response.completion_tokens
    for identity, (answers, prompt, completion) in sorted(by_identity.items()):
        print(f"{answers:8d} answers {prompt:10d} prompt and {completion:10d} completion tokens  {identity}")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="The first letters of a key; none: a line for each answer.")] = "",
    where: Where = None,
) -> None:
    """Show one answer in full, with what was asked, or a line for each of several.

    Example: `python -m crab cache show 3fa --where prompt=2`
    """
    if any(letter not in "0123456789abcdef" for letter in key):
        raise CrabError(
            Problem(f"cache show {key}", "is not the beginning of a key", "keys are written in 0-9 and a-f")
        )
    found = _matching(_open(), key, where)
    first, second = next(found, None), next(found, None)
    if first is None:
        raise CrabError(Problem(f"cache show {key}".strip(), "no such answer", "`crab cache show` lists them"))
    if second is None:
        name, entry = first
        print(f"{name}\nsaved {_date(entry.saved)}, identity {json.dumps(entry.identity, sort_keys=True)}")
        for message in entry.request.messages:
            print(f"--- {message['role']}\n{message['content']}")
        usage = f"{entry.response.prompt_tokens} + {entry.response.completion_tokens} tokens"
        print(f"--- answer ({entry.response.error or usage})\n{entry.response.text}")
        return
    for name, entry in (first, second, *found):
        words = " ".join((entry.response.error or entry.response.text).split())
        print(f"{name[:12]}  {_date(entry.saved)}  {words[:80]}")


@app.command()
def gc(
    days: Annotated[float | None, typer.Option(min=0, help="Drop answers that are older.")] = None,
    gib: Annotated[float | None, typer.Option(min=0, help="Drop the oldest until the rest takes this much.")] = None,
) -> None:
    """Make room: drop old answers, then give the room back to the disk where no other process has the cache open.

    Example: `python -m crab cache gc --days 90 --gib 5`
    """
    from crab.engines import store as storing

    if days is None and gib is None:
        raise typer.BadParameter("give --days, --gib, or both: an answer that is dropped is paid for again")
    store = _open()
    before = storing.now() - days * 86400 if days is not None else 0.0
    dropped = store.evict(None if gib is None else int(gib * _GIB), before)
    print(f"{dropped} answers dropped, {store.stats().answers} left")
    del store
    if not storing.compact(_place()):
        print("another process has the cache open: the file keeps its size and fills again")


@app.command()
def record(
    file: Annotated[Path, typer.Argument(help="The recording to write, for engine=replay.", show_default=False)],
    where: Where = None,
) -> None:
    """Write the answers to a file from which `engine=replay` answers without a model and without paying.

    Example: `python -m crab cache record answers.jsonl --where model=NAME`
    """
    from crab.engines import replay

    place = file.resolve()
    count = replay.save(place, ((entry.request, entry.response) for _, entry in _matching(_open(), "", where)))
    print(f"{count} answers in {file}")


def _place() -> Path:
    from crab.engines import cache

    return cache.default_place()


def _open() -> Store:
    from crab.engines import store

    place = _place()
    if not (place / "data.mdb").exists():
        raise CrabError(Problem(str(place), "there is no cache yet", "it comes with the first teacher that is asked"))
    return store.open_store(place)


def _matching(store: Store, prefix: str, where: list[str] | None) -> Iterator[tuple[str, Entry]]:
    wanted = dict(_pair(text) for text in where or ())
    for name, entry in store.entries(prefix):
        if wanted.items() <= entry.identity.items():
            yield name, entry


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"--where {text}: write NAME=VALUE")
    return name, value


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
